import { join } from 'node:path'
import { freePort } from '../processes/ports.ts'
import { type Child, lastLines, launch } from '../processes/processes.ts'
import { waitFor } from '../processes/wait-for.ts'
import { findPostgres } from './binaries.ts'
import { endStray, isReady, prepareFolder, superuser, superuserPassword } from './data-folder.ts'
import { unprivileged } from './unprivileged.ts'

export interface PostgresOptions {
  /** Absolute path for data, log and the superuser's password. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  /** A folder with `postgres` and `initdb`. Default: POSTGRES_BIN, else the npm package's. */
  readonly bin?: string
  /** Survives a power failure. Default true; false is faster. */
  readonly durable?: boolean
  readonly log?: string
}

export interface Postgres {
  /** The superuser's URL of the database `postgres`. */
  readonly url: string
  readonly port: number
  /** Of the running server. */
  readonly pid: number
  readonly version: string
  /** A remark for the user. */
  readonly note: string | undefined
  /** It ended a server that a killed run left running. */
  readonly tookOver: boolean
  running(): boolean
  /** On the same port, after a stop or a crash. */
  start(): Promise<void>
  /** `fast` closes the connections. `immediate` is a crash with a recovery at the next start. */
  stop(mode?: StopMode): Promise<void>
  restart(mode?: StopMode): Promise<void>
}

export type StopMode = 'fast' | 'immediate'

/** Listens on 127.0.0.1 only. Makes the data folder at the first start. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const binaries = options.bin === undefined ? findPostgres() : findPostgres(options.bin)
  const user = unprivileged()
  const durable = options.durable ?? true
  const tookOver = await endStray(options.folder)
  await prepareFolder(options.folder, binaries, user, durable)
  const port = options.port ?? (await freePort())
  const command = [...user.prefix, join(binaries.folder, 'postgres'), ...serverArguments(options.folder, port, durable)]
  const log = options.log ?? join(options.folder, 'postgres.log')

  let server = await serve(options.folder, command, log)
  const postgres: Postgres = {
    url: `postgres://${superuser}:${superuserPassword(options.folder)}@127.0.0.1:${port}/postgres`,
    port,
    get pid() {
      return server.identity.pid
    },
    version: binaries.version,
    note: user.note,
    tookOver,
    running: () => server.running(),
    start: async () => {
      if (!server.running()) server = await serve(options.folder, command, log)
    },
    stop: async (mode = 'fast') => {
      await server.end({ signal: mode === 'fast' ? 'SIGINT' : 'SIGQUIT' })
    },
    restart: async (mode) => {
      await postgres.stop(mode)
      await postgres.start()
    },
  }
  return postgres
}

function serverArguments(folder: string, port: number, durable: boolean): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=100',
    'logging_collector=off',
  ]
  // Never synchronous_commit=off: an immediate restart would lose acknowledged writes.
  if (!durable) settings.push('fsync=off', 'full_page_writes=off')
  return ['-D', join(folder, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
}

async function serve(folder: string, command: readonly string[], log: string): Promise<Child> {
  // After SIGQUIT it stops by itself. After SIGKILL its children and shared memory would remain for
  // a moment.
  const launched = { command: command[0] ?? '', args: command.slice(1), log, killSignal: 'SIGQUIT' } as const
  return await waitFor('Postgres to accept connections', 60_000, async () => {
    const server = launch(launched)
    if (await becomesReady(folder, server)) return server
    const output = server.output()
    // The children of a killed server need a moment to exit.
    if (output.includes('pre-existing shared memory block')) return undefined
    throw new Error(`Postgres did not start:\n${lastLines(output)}`)
  })
}

async function becomesReady(folder: string, server: Child): Promise<boolean> {
  return await waitFor('Postgres to be ready', 60_000, () => {
    if (isReady(folder, server.identity.pid)) return { ready: true }
    return server.running() ? undefined : { ready: false }
  }).then(({ ready }) => ready)
}

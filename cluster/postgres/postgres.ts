import { join } from 'node:path'
import { freePort } from '../processes/ports.ts'
import { type Child, lastLines, launch } from '../processes/processes.ts'
import { waitFor } from '../processes/wait-for.ts'
import { findPostgres } from './binaries.ts'
import { endStray, isReady, prepareFolder, superuser, superuserPassword } from './data-folder.ts'
import { unprivileged } from './unprivileged.ts'

export interface PostgresOptions {
  /** Absolute path; data, log and the superuser's password are kept in it. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  /** A folder with `postgres` and `initdb`. Default: POSTGRES_BIN, else the npm package's. */
  readonly bin?: string
  /** Survive a power cut. Default true; a throw-away server is quicker without. */
  readonly durable?: boolean
  readonly log?: string
}

export interface Postgres {
  /** The superuser's address of the database `postgres`. */
  readonly url: string
  readonly port: number
  /** Of the server that runs now. */
  readonly pid: number
  readonly version: string
  /** What a person might like to know about how it runs. */
  readonly note: string | undefined
  /** A server of an earlier, killed run was found at work in the folder, and ended. */
  readonly tookOver: boolean
  running(): boolean
  /** Again on the same port, after a stop or a crash. */
  start(): Promise<void>
  /** `fast` ends the connections; `immediate` is a crash: it recovers at the next start. */
  stop(mode?: StopMode): Promise<void>
  restart(mode?: StopMode): Promise<void>
}

export type StopMode = 'fast' | 'immediate'

/** Starts a Postgres that listens on 127.0.0.1 alone, making its data folder at first. */
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
  // Never synchronous_commit: without it an immediate restart loses what was acknowledged.
  if (!durable) settings.push('fsync=off', 'full_page_writes=off')
  return ['-D', join(folder, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
}

async function serve(folder: string, command: readonly string[], log: string): Promise<Child> {
  // After SIGQUIT it ends by itself, without us; SIGKILL would leave its children and its shared memory for a moment.
  const launched = { command: command[0] ?? '', args: command.slice(1), log, killSignal: 'SIGQUIT' } as const
  return await waitFor('Postgres to accept connections', 60_000, async () => {
    const server = launch(launched)
    if (await becomesReady(folder, server)) return server
    const output = server.output()
    // The children of a killed server take a moment to notice.
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

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { cpus, platform, release } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findNginx } from '../cluster/nginx/nginx.ts'
import { query } from '../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../cluster/postgres/postgres.ts'
import { identify } from '../cluster/processes/identity.ts'
import { acquireLock, releaseLock } from '../cluster/processes/lock-file.ts'
import { forgetProcesses, killOrphansIn, recordProcesses } from '../cluster/processes/orphans.ts'
import { freePort } from '../cluster/processes/ports.ts'
import { launch } from '../cluster/processes/processes.ts'
import { waitFor } from '../cluster/processes/wait-for.ts'
import { migrate } from '../src/database/migrate.ts'

/** The session table of connect-pg-simple's documentation, or with our migrations. */
export type Schema = 'reference' | 'roundhouse'

/** What all contenders share: one Postgres, one Redis if it is installed, a folder. */
export interface BenchEnvironment {
  readonly folder: string
  readonly postgres: Postgres
  readonly redis: Redis | undefined
  readonly nginxBinary: string
  /** Creates a database, in the place of an earlier one. Resolves with its address. */
  freshDatabase(name: string, schema: Schema): Promise<string>
  /** Creates a database unless an earlier run has left it. Resolves with its address. */
  keptDatabase(name: string, schema: Schema): Promise<string>
  /** Records a process, so that the next run kills it if this one does not end in order. */
  recordProcess(name: string, pid: number): void
  close(): Promise<void>
}

export interface Redis {
  readonly url: string
  readonly pid: number
  /** Commands processed since it started. */
  commands(): Promise<number>
  stop(): Promise<void>
}

const REFERENCE_TABLE = join(import.meta.dirname, '../e2e/support/legacy/reference-table.sql')

/**
 * Postgres keeps its data in the folder between runs. Throws AlreadyRunning if another run uses
 * the folder.
 */
export async function openEnvironment(
  folder: string,
  durable: boolean,
  onProgress: (line: string) => void,
): Promise<BenchEnvironment> {
  acquireLock(folder)
  await killOrphansIn(folder)
  const runFolder = join(folder, 'run')
  rmSync(runFolder, { recursive: true, force: true })
  mkdirSync(runFolder)
  const nginxBinary = await findNginx(onProgress)
  const log = join(runFolder, 'postgres.log')
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), durable, log })
  const redis = await startRedis(runFolder)
  const pids = new Map<string, number>()
  const recordProcess: BenchEnvironment['recordProcess'] = (name, pid) => {
    pids.set(name, pid)
    const identities = [...pids].map(([each, id]) => [each, identify(id)] as const)
    recordProcesses(folder, Object.fromEntries(identities.flatMap(([each, id]) => (id ? [[each, id]] : []))))
  }
  if (redis !== undefined) recordProcess('redis-server', redis.pid)
  return {
    folder: runFolder,
    postgres,
    redis,
    nginxBinary,
    async freshDatabase(name, schema) {
      await query(postgres.url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
      return await createDatabase(postgres.url, name, schema)
    },
    async keptDatabase(name, schema) {
      const found = await query(postgres.url, 'SELECT FROM pg_database WHERE datname = $1', [name])
      if (found.length === 0) return await createDatabase(postgres.url, name, schema)
      const url = databaseUrl(postgres.url, name)
      if (schema === 'roundhouse') await migrateQuietly(url)
      return url
    },
    recordProcess,
    async close() {
      await redis?.stop()
      await postgres.stop()
      forgetProcesses(folder)
      rmSync(runFolder, { recursive: true, force: true })
      releaseLock(folder)
    },
  }
}

async function createDatabase(superuserUrl: string, name: string, schema: Schema): Promise<string> {
  await query(superuserUrl, `CREATE DATABASE "${name}"`)
  const url = databaseUrl(superuserUrl, name)
  if (schema === 'roundhouse') await migrateQuietly(url)
  else await query(url, readFileSync(REFERENCE_TABLE, 'utf8'))
  return url
}

async function migrateQuietly(url: string): Promise<void> {
  await migrate({ url, role: 'postgres', onProgress: () => undefined })
}

function databaseUrl(superuserUrl: string, name: string): string {
  return Object.assign(new URL(superuserUrl), { pathname: `/${name}` }).href
}

/**
 * The machine's redis-server, on 127.0.0.1 alone and without persistence; undefined if it is not
 * installed.
 */
async function startRedis(folder: string): Promise<Redis | undefined> {
  const paths = (process.env.PATH ?? '').split(':').map((directory) => join(directory, 'redis-server'))
  const command = paths.find((path) => existsSync(path))
  if (command === undefined) return undefined
  const port = await freePort()
  const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = launch({ command, args, log: join(folder, 'redis.log') })
  await waitFor('redis-server to answer', 10_000, () => redisStats(port).catch(() => undefined))
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.identity.pid,
    commands: async () => Number(/total_commands_processed:(\d+)/.exec(await redisStats(port))?.[1]),
    stop: async () => void (await child.end()),
  }
}

async function redisStats(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.end('INFO stats\r\nQUIT\r\n')
  return (await socket.setEncoding('utf8').toArray()).join('')
}

/** The conditions of a run, without which its figures mean nothing. */
export interface Machine {
  readonly time: string
  readonly system: string
  readonly processors: string
  /** The load average of the minute before the run. */
  readonly load: number
  readonly node: string
  readonly postgres: string
  readonly nginx: string
  readonly redis: string | null
}

export async function describeMachine(environment: BenchEnvironment, load: number): Promise<Machine> {
  const { postgres, redis, nginxBinary } = environment
  const settings = await query<{ name: string; value: string }>(
    postgres.url,
    'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)',
    [['shared_buffers', 'fsync', 'synchronous_commit']],
  )
  return {
    time: new Date().toISOString(),
    system: `${platform()} ${release()}`,
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load,
    node: process.versions.node,
    postgres: `${postgres.version} (${settings.map(({ name, value }) => `${name} ${value}`).join(', ')})`,
    nginx: versionOf(nginxBinary, '-v'),
    redis: redis === undefined ? null : versionOf('redis-server', '--version'),
  }
}

export function formatMachine({ processors, load, node, postgres, nginx, redis }: Machine): string {
  const store = redis === null ? 'no redis-server here' : `Redis ${redis}`
  return `${processors}, load ${load.toFixed(1)} before; Node ${node}, Postgres ${postgres}, nginx ${nginx}, ${store}`
}

function versionOf(program: string, flag: string): string {
  // nginx prints it on stderr.
  const text = execFileSync('sh', ['-c', '"$0" "$1" 2>&1', program, flag], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown'
}

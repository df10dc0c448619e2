import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findNginx } from '../cluster/nginx/nginx.ts'
import { query } from '../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../cluster/postgres/postgres.ts'
import { identify } from '../cluster/processes/identity.ts'
import { acquireLock, releaseLock } from '../cluster/processes/lock-file.ts'
import { forgetProcesses, killOrphansIn, recordProcesses } from '../cluster/processes/orphans.ts'
import { migrate } from '../src/database/migrate.ts'
import { type Redis, startRedis } from './redis.ts'

/** The table as the reference of connect-pg-simple makes it, or with what our migrations add. */
export type Schema = 'reference' | 'ours'

/** What all candidates share: one Postgres, one Redis where there is one, a folder. */
export interface BenchEnvironment {
  readonly folder: string
  readonly postgres: Postgres
  readonly redis: Redis | undefined
  readonly nginxBinary: string
  /** A database of this name, a former one being dropped. Answers with its address. */
  freshDatabase(name: string, schema: Schema): Promise<string>
  /** The same, where there is none yet. */
  keptDatabase(name: string, schema: Schema): Promise<string>
  /** A process that must not outlive us, however we end. */
  note(name: string, pid: number): void
  close(): Promise<void>
}

const referenceTable = join(import.meta.dirname, '../e2e/support/legacy/reference-table.sql')

/** Postgres keeps its data in the folder from one run to the next; throws AlreadyRunning where another run is at work there. */
export async function openEnvironment(
  folder: string,
  durable: boolean,
  say: (line: string) => void,
): Promise<BenchEnvironment> {
  acquireLock(folder)
  await killOrphansIn(folder)
  const scratch = join(folder, 'run')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch)
  const nginxBinary = await findNginx(say)
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    durable,
    log: join(scratch, 'postgres.log'),
  })
  const redis = await startRedis(scratch)
  const noted = new Map<string, number>()
  const note: BenchEnvironment['note'] = (name, pid) => {
    noted.set(name, pid)
    recordProcesses(folder, Object.fromEntries([...noted].flatMap(([each, id]) => noteOf(each, id))))
  }
  if (redis !== undefined) note('redis-server', redis.pid)
  return {
    folder: scratch,
    postgres,
    redis,
    nginxBinary,
    async freshDatabase(name, schema) {
      await query(postgres.url, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)
      return await madeDatabase(postgres.url, name, schema)
    },
    async keptDatabase(name, schema) {
      const there = await query(postgres.url, 'SELECT FROM pg_database WHERE datname = $1', [name])
      if (there.length === 0) return await madeDatabase(postgres.url, name, schema)
      const url = addressOf(postgres.url, name)
      if (schema === 'ours') await bringUpToDate(url)
      return url
    },
    note,
    async close() {
      await redis?.stop()
      await postgres.stop()
      forgetProcesses(folder)
      rmSync(scratch, { recursive: true, force: true })
      releaseLock(folder)
    },
  }
}

async function madeDatabase(superuser: string, name: string, schema: Schema): Promise<string> {
  await query(superuser, `CREATE DATABASE "${name}"`)
  const url = addressOf(superuser, name)
  if (schema === 'ours') await bringUpToDate(url)
  else await query(url, readFileSync(referenceTable, 'utf8'))
  return url
}

async function bringUpToDate(url: string): Promise<void> {
  await migrate({ url, role: 'postgres', onProgress: () => undefined })
}

function addressOf(superuser: string, name: string): string {
  return Object.assign(new URL(superuser), { pathname: `/${name}` }).href
}

function noteOf(name: string, pid: number) {
  const identity = identify(pid)
  return identity === undefined ? [] : [[name, identity] as const]
}

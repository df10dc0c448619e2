import { query } from '../../../cluster/postgres/database.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { moveSessionsBack } from '../faults/time-travel.ts'

export type Row = Readonly<Record<string, unknown>>
export type Rows = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** Somebody with psql: looks into the tables, and moves time. */
export interface Database {
  readonly url: string
  readonly rows: Rows
  /** How many rows each table has, by name. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** How many sessions there are. */
  sessions(): Promise<number>
  /** Locks a session's row for most of a second, as a slow writer would; resolves once it is locked. */
  hold(sid: string): Promise<Lock>
  /** Makes every session older by this many milliseconds, its expiry and what it holds. */
  age(milliseconds: number): Promise<void>
}

export interface Lock {
  /** Whether the row is still locked. */
  held(): Promise<boolean>
  /** Resolves when it no longer is. */
  readonly over: Promise<unknown>
}

/** Each question opens a connection of its own, so nothing has to be closed, and a restart of Postgres goes unnoticed. */
export function openDatabase(url: string): Database {
  const rows: Rows = (sql, values = []) => query<Row>(url, sql, [...values])
  return {
    url,
    rows,
    counts: () => countAll(rows),
    sessions: async () => Number((await rows('SELECT count(*) AS count FROM session'))[0]?.count),
    hold: (sid) => hold(rows, sid),
    age: (milliseconds) => moveSessionsBack(rows, milliseconds),
  }
}

async function countAll(rows: Rows): Promise<Record<string, number>> {
  const tables = await rows(
    // Replicas write into these by themselves, whoever asks what.
    `SELECT quote_ident(tablename) AS name FROM pg_tables
      WHERE schemaname = 'public' AND tablename NOT IN ('job_run', 'replica', 'session_tombstone') ORDER BY 1`,
  )
  const all = tables.map(({ name }) => `SELECT '${name}' AS name, count(*) AS count FROM ${name}`)
  const counts = await rows(all.join(' UNION ALL '))
  return Object.fromEntries(counts.map(({ name, count }) => [String(name), Number(count)]))
}

async function hold(rows: Rows, sid: string): Promise<Lock> {
  if (!/^[\w-]+$/.test(sid)) throw new Error('that is no session id')
  // Several statements in one text take no parameters.
  const over = rows(`BEGIN; SELECT FROM session WHERE sid = '${sid}' FOR UPDATE; SELECT pg_sleep(0.7); COMMIT`)
  const held = async () => (await rows(HOLDERS, [`%${sid}%`])).length > 0
  await waitFor('the row to be locked', 5000, held)
  return { held, over }
}

const HOLDERS = `SELECT pid FROM pg_stat_activity
  WHERE query LIKE $1 AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`

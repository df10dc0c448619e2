import { query } from '../../../cluster/postgres/database.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { moveSessionsBack } from '../faults/time-travel.ts'

export type Row = Readonly<Record<string, unknown>>
type Rows = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** Direct access to the tables. */
export interface Database {
  readonly url: string
  readonly rows: Rows
  /** The number of rows of each table, by name. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** The number of sessions. */
  sessions(): Promise<number>
  /** The number of sessions whose content names this account. */
  sessionsOf(account: { readonly email: string }): Promise<number>
  /** The writing transaction and the place of each row: both change with every write. */
  rowVersions(): Promise<readonly Row[]>
  /** Time that a session has left by the database's clock. */
  millisecondsLeft(sid: string): Promise<number>
  /** Locks a session's row for 0.7 seconds, as a slow writer; resolves once it is locked. */
  hold(sid: string): Promise<Lock>
  /** Moves every session back in time: its expiry, and the times in its content. */
  age(milliseconds: number): Promise<void>
}

export interface Lock {
  held(): Promise<boolean>
  /** Resolves when the row is no longer locked. */
  readonly over: Promise<unknown>
}

/** Each query has a connection of its own, so that a restart of Postgres does no harm. */
export function openDatabase(url: string): Database {
  const rows: Rows = (sql, values = []) => query<Row>(url, sql, [...values])
  const number = async (sql: string, values?: readonly unknown[]) => Number((await rows(sql, values))[0]?.number)
  return {
    url,
    rows,
    counts: () => countAll(rows),
    sessions: () => number('SELECT count(*) AS number FROM session'),
    sessionsOf: ({ email }) => number(SESSIONS_OF, [email]),
    rowVersions: () => rows('SELECT sid, xmin::text, ctid::text FROM session ORDER BY sid'),
    millisecondsLeft: (sid) => number(MILLISECONDS_LEFT, [sid]),
    hold: (sid) => hold(rows, sid),
    age: (milliseconds) => moveSessionsBack(url, milliseconds),
  }
}

const SESSIONS_OF = `
  SELECT count(*) AS number FROM session JOIN account ON account.id::text = sess ->> 'account' WHERE account.email = $1`
const MILLISECONDS_LEFT = `
  SELECT (extract(epoch FROM (expire AT TIME ZONE session_zone()) - now()) * 1000)::float8 AS number
  FROM session WHERE sid = $1`
/** Without the tables that replicas write on their own. */
const TABLES = `
  SELECT quote_ident(tablename) AS name FROM pg_tables
  WHERE schemaname = 'public' AND tablename NOT IN ('job_run', 'replica', 'session_tombstone') ORDER BY 1`
const HOLDERS = `
  SELECT pid FROM pg_stat_activity WHERE query LIKE $1 AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()`

async function countAll(rows: Rows): Promise<Record<string, number>> {
  const tables = await rows(TABLES)
  const all = tables.map(({ name }) => `SELECT '${name}' AS name, count(*) AS count FROM ${name}`)
  const counts = await rows(all.join(' UNION ALL '))
  return Object.fromEntries(counts.map(({ name, count }) => [String(name), Number(count)]))
}

async function hold(rows: Rows, sid: string): Promise<Lock> {
  if (!/^[\w-]+$/.test(sid)) throw new Error('not a session id')
  // Several statements in one text take no parameters.
  const over = rows(`BEGIN; SELECT FROM session WHERE sid = '${sid}' FOR UPDATE; SELECT pg_sleep(0.7); COMMIT`)
  const held = async () => (await rows(HOLDERS, [`%${sid}%`])).length > 0
  await waitFor('the row to be locked', 5000, held)
  return { held, over }
}

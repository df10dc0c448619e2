import { query } from '../cluster/postgres/database.ts'

/** What a database has counted about its table of sessions so far. */
export interface SessionTableStats {
  readonly updates: number
  /** Those that left every index as it was. */
  readonly hot: number
}

/** Exact only once the connections that wrote are closed: Postgres adds up what a connection did a second later, or at its end. */
export async function sessionTableStats(databaseUrl: string): Promise<SessionTableStats> {
  const [row] = await query<{ updates: number; hot: number }>(
    databaseUrl,
    `SELECT n_tup_upd::float8 AS updates, n_tup_hot_upd::float8 AS hot
       FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = 'session'`,
  )
  return row ?? { updates: Number.NaN, hot: Number.NaN }
}

/** Bytes of WAL that the server has written so far, all databases together. */
export async function walBytes(databaseUrl: string): Promise<number> {
  const [row] = await query<{ bytes: number }>(
    databaseUrl,
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`,
  )
  return row?.bytes ?? Number.NaN
}

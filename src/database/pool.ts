import pg from 'pg'
import { readAddress } from './address.ts'

export type Pool = pg.Pool

export interface PoolOptions {
  readonly url: string
  /** application_name, as in `pg_stat_activity`. */
  readonly name: string
  readonly size?: number
  /** For a new connection, or in the pool's queue. */
  readonly connectTimeoutMs?: number
  /** Client-side. The server's `statement_timeout` comes first. */
  readonly queryTimeoutMs?: number
  readonly idleTimeoutMs?: number
  /** The pool replaces the connection when it needs one. */
  readonly onConnectionLost?: (error: Error) => void
}

/** pg discards a connection whose statement failed or timed out. */
export function createPool(options: PoolOptions): Pool {
  const {
    url,
    name,
    size = 10,
    connectTimeoutMs = 2000,
    queryTimeoutMs = 3000,
    idleTimeoutMs = 30_000,
    onConnectionLost = () => {},
  } = options
  const pool = new pg.Pool({
    ...readAddress(url),
    // No `statement_timeout`: PgBouncer refuses it as a start-up parameter. `migrate` sets it for
    // the role.
    application_name: name.slice(0, 63),
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // Without a listener an error of an idle connection ends the process.
  pool.on('error', onConnectionLost)
  return pool
}

/** For migrations, so without statement timeouts. */
export function createClient(url: string, name: string): pg.Client {
  return new pg.Client({ ...readAddress(url), application_name: name, connectionTimeoutMillis: 10_000 })
}

export function poolStats(pool: Pool) {
  return { inUse: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount }
}

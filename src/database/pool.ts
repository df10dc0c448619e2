import pg from 'pg'
import { readAddress } from './address.ts'

export type Pool = pg.Pool

export interface PoolOptions {
  /** `postgres://…`, with libpq's `sslmode`. */
  readonly url: string
  /** The replica, as Postgres shows it in `pg_stat_activity`. */
  readonly name: string
  readonly size?: number
  /** Milliseconds to wait for a connection, be it opened or queued for. */
  readonly connectTimeoutMs?: number
  /** Milliseconds after which a statement is given up here; the server's own `statement_timeout` comes first. */
  readonly queryTimeoutMs?: number
  /** Milliseconds that a connection may lie idle. */
  readonly idleTimeoutMs?: number
  /** Told of an idle connection that broke; the pool opens another when one is needed. */
  readonly onConnectionLost?: (error: Error) => void
}

/** The one pool of a replica. A connection whose statement failed or timed out is discarded by pg, so that nobody gets a stuck one. */
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
    // Not `statement_timeout`: as a start-up parameter PgBouncer refuses it; `migrate` sets it for the role.
    application_name: name.slice(0, 63),
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // Without a listener an idle connection's error would end the process.
  pool.on('error', onConnectionLost)
  return pool
}

/** One connection for migrations: no time limits, since they wait for each other and may work long. */
export function createClient(url: string, name: string): pg.Client {
  return new pg.Client({ ...readAddress(url), application_name: name, connectionTimeoutMillis: 10_000 })
}

/** Connections by state, for metrics. */
export function poolStats(pool: Pool) {
  return { inUse: pool.totalCount - pool.idleCount, idle: pool.idleCount, waiting: pool.waitingCount }
}

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccounts } from './accounts/accounts.ts'
import { createApp } from './app.ts'
import { createPool, type Pool, poolStats } from './database/pool.ts'
import { announceReplica } from './database/replicas.ts'
import { isUnavailable } from './database/unavailable.ts'
import { type SchemaStatus, waitForSchema } from './database/wait-for-schema.ts'
import { respondToClientErrors } from './http/client-error.ts'
import { createLimits, type Limits } from './http/limits.ts'
import { createErrorHandler } from './http/problem.ts'
import { type Job, startScheduler } from './jobs/scheduler.ts'
import { createAccessLog } from './runtime/access-log.ts'
import { createDrain } from './runtime/drain.ts'
import type { Log } from './runtime/log.ts'
import { createMetrics } from './runtime/metrics.ts'
import { createState } from './runtime/state.ts'
import type { ServerOptions } from './server-options.ts'
import { createServerSessions } from './server-sessions.ts'
import { StoreUnavailable } from './sessions/errors.ts'
import { removeExpiredSessions } from './sessions/operations/cleanup.ts'
import { createStatistics } from './sessions/operations/statistics.ts'
import type { PostgresSessionStore } from './sessions/request/session-store.ts'

export interface RunningServer {
  readonly port: number
  readonly metricsPort: number
  /** Resolves when the schema is there, or after `stop`. */
  readonly ready: Promise<void>
  /** Drains, then stops everything in reverse order. */
  stop(): Promise<void>
}

/** Longer than nginx's (2 s): closing first could reset an arriving request. */
const KEEP_ALIVE_MS = 75_000
/** For the whole request with its body. */
const REQUEST_TIMEOUT_MS = 30_000
const ANNOUNCE_INTERVAL_MS = 60_000
const HOUR_MS = 3_600_000

/**
 * Listens when it resolves, and becomes ready when the schema is there. A failed start closes what
 * it opened.
 */
export async function startServer(options: ServerOptions, log: Log): Promise<RunningServer> {
  await using opened = new AsyncDisposableStack()
  const metrics = createMetrics()
  const state = createState()
  const pool = opened.adopt(openPool(options, log), (pool) => pool.end())
  metrics.watchPool(() => poolStats(pool))
  metrics.watchReadiness(options, () => state.stage === 'ready')
  const errorHandler = createErrorHandler({ log, isUnavailable: isUnavailableError })
  const sessions = createServerSessions({ options, pool, log, metrics, errorHandler })
  const schemaStatus: SchemaStatus = { cause: undefined }
  const limits = createLimits({ pool })
  const drain = createDrain(options.drain)
  const app = createApp({
    drain,
    site: options.site,
    https: options.cookie.secure,
    trustProxy: options.trustProxy,
    clientAddressHeader: options.clientAddressHeader,
    secrets: options.secrets,
    health: { state, ...options, notReadyCause: () => schemaStatus.cause },
    sessions: sessions.middleware,
    accountSessions: sessions,
    errorHandler,
    isUnavailable: isUnavailableError,
    statistics: createStatistics(pool),
    accounts: createAccounts({ pool }),
    limits,
    pool,
    log,
    accessLog: createAccessLog({ ...options.log, replica: options.replica }),
    metrics,
  })
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_TIMEOUT_MS }, app)
  respondToClientErrors(server, options.replica)
  drain.attach(server)
  const metricsServer = opened.adopt(await metrics.serve({ port: options.metricsPort, host: options.host }), closeNow)
  await listen(server, options.port, options.host)
  const ports = { port: portOf(server), metricsPort: portOf(metricsServer) }
  const resources = opened.move()
  const ready = becomeReady()

  async function becomeReady(): Promise<void> {
    await waitForSchema({ pool, log, status: schemaStatus, isWaiting: () => state.stage === 'starting' })
    if (state.stage !== 'starting') return
    state.enter('ready')
    resources.defer(startScheduler({ pool, log, metrics, jobs: jobsOf(sessions.store, limits) }))
    resources.defer(await announceEachMinute(pool, options, log))
    log.info('replica ready', { ...ports, version: options.version, sinceStart: Math.round(performance.now()) })
  }

  return {
    ...ports,
    ready,
    async stop() {
      state.enter('draining')
      log.info('drain begun', { delayMs: options.drain.delayMs, timeoutMs: options.drain.timeoutMs })
      const cut = await drain.run()
      state.enter('closed')
      await ready
      await resources.disposeAsync()
      if (cut > 0) log.warn('connections cut at the end of the drain', { connections: cut })
      log.info('replica stopped')
    },
  }
}

function openPool(options: ServerOptions, log: Log): Pool {
  return createPool({
    url: options.databaseUrl,
    name: options.replica,
    size: options.poolSize,
    connectTimeoutMs: options.connectTimeoutMs,
    queryTimeoutMs: options.queryTimeoutMs,
    idleTimeoutMs: options.idleTimeoutMs,
    onConnectionLost: (error) => log.warn('idle database connection lost', { error }),
  })
}

function jobsOf(store: PostgresSessionStore, limits: Limits): Job[] {
  return [
    { name: 'expired sessions', intervalMs: HOUR_MS, work: () => removeExpiredSessions(store) },
    { name: 'expired attempts', intervalMs: HOUR_MS, work: () => limits.removeExpired() },
  ]
}

/** A failed announcement does not affect the replica. */
async function announceEachMinute(pool: Pool, { replica, version }: ServerOptions, log: Log): Promise<() => void> {
  const since = new Date()
  const announce = () =>
    announceReplica(pool, { name: replica, version, startedAt: since }).catch((error) =>
      log.warn('replica not announced', { error }),
    )
  await announce()
  const timer = setInterval(announce, ANNOUNCE_INTERVAL_MS).unref()
  return () => clearInterval(timer)
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host !== undefined && { host }) }, resolve)
  })
}

function closeNow(server: Server): void {
  server.close()
  server.closeAllConnections()
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function isUnavailableError(error: unknown): boolean {
  return error instanceof StoreUnavailable || isUnavailable(error)
}

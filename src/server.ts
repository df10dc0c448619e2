import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAccounts } from './accounts/accounts.ts'
import { createApp } from './app.ts'
import { createPool, type Pool, poolFigures } from './database/pool.ts'
import { announceReplica } from './database/replicas.ts'
import { isOutage } from './database/unavailable.ts'
import { type Schema, schemaSeen } from './database/wait-for-schema.ts'
import { answerClientErrors } from './http/client-error.ts'
import { createLimits, type Limits } from './http/limits.ts'
import { problems } from './http/problem.ts'
import { type Chore, startUpkeep } from './jobs/scheduler.ts'
import { createAccessLog } from './runtime/access-log.ts'
import { createDrain } from './runtime/drain.ts'
import type { Log, LogFormat, LogLevel } from './runtime/log.ts'
import { createMetrics } from './runtime/metrics.ts'
import { createState } from './runtime/state.ts'
import { openSessions } from './server-sessions.ts'
import { StoreUnavailable } from './sessions/errors.ts'
import { removeExpiredSessions } from './sessions/operations/cleanup.ts'
import { createStatistics } from './sessions/operations/statistics.ts'
import type { PostgresSessions } from './sessions/request/session-store.ts'
import type { StaleCookie } from './sessions/request/stale-cookies.ts'

/** What a replica is made with; times are milliseconds. */
export interface ReplicaOptions {
  readonly site: string
  readonly replica: string
  readonly version: string
  readonly commit: string | undefined
  readonly production: boolean
  readonly host: string | undefined
  readonly port: number
  readonly metricsPort: number
  readonly databaseUrl: string
  readonly poolSize: number
  readonly connectTimeout: number
  readonly queryTimeout: number
  readonly idleTimeout: number
  readonly secrets: readonly string[]
  readonly sessionMaxAge: number
  readonly sessionAbsoluteMaxAge: number
  readonly sessionStore: 'postgres' | 'memory'
  readonly cookie: {
    readonly name: string
    readonly former: string | undefined
    readonly secure: boolean
    readonly clear?: readonly StaleCookie[]
  }
  readonly trustProxy: number | boolean
  readonly clientAddressHeader: string | undefined
  readonly drain: { readonly delay: number; readonly timeout: number }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
}

export interface Replica {
  readonly port: number
  readonly metricsPort: number
  /** Resolves once it has seen the schema that it needs, or has been stopped before. */
  readonly ready: Promise<void>
  /** Drains, then stops everything in the order opposite to the start. */
  stop(): Promise<void>
}

/** Longer than nginx keeps an idle connection (2 s), so that it is never this side that closes one on which a request is on its way. */
const KEEP_ALIVE = 75_000
/** A whole request, body and all, must have arrived in this time. */
const REQUEST_TIMEOUT = 30_000
const ANNOUNCEMENT = 60_000
const HOUR = 3_600_000

/** Starts one replica: it listens when this resolves, and becomes ready once it has seen the schema that it needs. */
export async function startReplica(options: ReplicaOptions, log: Log): Promise<Replica> {
  const metrics = createMetrics()
  const state = createState()
  const pool = openPool(options, log)
  metrics.watchPool(() => poolFigures(pool))
  metrics.watchReadiness(options, () => state.stage === 'ready')
  const answer = problems({ log, isOutage: isAway })
  const sessions = openSessions(options, pool, log, metrics, answer)
  const schema: Schema = { reason: undefined }
  const limits = createLimits({ pool })
  const drain = createDrain(options.drain)
  const app = createApp({
    drain,
    site: options.site,
    https: options.cookie.secure,
    trustProxy: options.trustProxy,
    clientAddressHeader: options.clientAddressHeader,
    secrets: options.secrets,
    health: { state, ...options, reason: () => schema.reason },
    sessions: sessions.middleware,
    directory: sessions.directory,
    problems: answer,
    isOutage: isAway,
    statistics: createStatistics(pool),
    accounts: createAccounts({ pool }),
    limits,
    pool,
    log,
    accessLog: createAccessLog({ ...options.log, replica: options.replica }),
    metrics,
  })
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE, requestTimeout: REQUEST_TIMEOUT }, app)
  answerClientErrors(server, options.replica)
  drain.attach(server)
  const metricsServer = await metrics.serve({ port: options.metricsPort, host: options.host })
  await listen(server, options.port, options.host)
  const ports = { port: portOf(server), metricsPort: portOf(metricsServer) }
  const stops: (() => void)[] = []
  const ready = becomeReady()

  async function becomeReady(): Promise<void> {
    await schemaSeen({ pool, log, schema, waiting: () => state.stage === 'starting' })
    if (state.stage !== 'starting') return
    state.enter('ready')
    stops.push(startUpkeep({ pool, log, metrics, chores: choresOf(sessions.store, limits) }))
    stops.push(await announceEachMinute(pool, options, log))
    log.info('replica ready', { ...ports, version: options.version, sinceStart: Math.round(performance.now()) })
  }

  return {
    ...ports,
    ready,
    async stop() {
      state.enter('draining')
      log.info('drain begun', { delay: options.drain.delay, timeout: options.drain.timeout })
      const cut = await drain.run()
      state.enter('closed')
      await ready
      for (const stop of stops) stop()
      metricsServer.close()
      metricsServer.closeAllConnections()
      await pool.end()
      if (cut > 0) log.warn('connections cut at the end of the drain', { connections: cut })
      log.info('replica stopped')
    },
  }
}

function openPool(options: ReplicaOptions, log: Log): Pool {
  return createPool({
    url: options.databaseUrl,
    name: options.replica,
    size: options.poolSize,
    connectTimeout: options.connectTimeout,
    queryTimeout: options.queryTimeout,
    idleTimeout: options.idleTimeout,
    lost: (error) => log.warn('idle database connection lost', { error }),
  })
}

function choresOf(store: PostgresSessions, limits: Limits): Chore[] {
  return [
    { name: 'expired sessions', every: HOUR, work: () => removeExpiredSessions(store) },
    { name: 'expired attempts', every: HOUR, work: () => limits.removeExpired() },
  ]
}

/** A replica that cannot say that it is there is no worse for it. */
async function announceEachMinute(pool: Pool, { replica, version }: ReplicaOptions, log: Log): Promise<() => void> {
  const since = new Date()
  const announce = () =>
    announceReplica(pool, { name: replica, version, since }).catch((error) =>
      log.warn('replica not announced', { error }),
    )
  await announce()
  const timer = setInterval(announce, ANNOUNCEMENT).unref()
  return () => clearInterval(timer)
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host !== undefined && { host }) }, resolve)
  })
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

/** Whether an error says that the database, or what is kept in it, is away for now. */
function isAway(error: unknown): boolean {
  return error instanceof StoreUnavailable || isOutage(error)
}

import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import type { Account, Accounts } from './accounts/accounts.ts'
import { admit, identify } from './accounts/authentication.ts'
import { accountRoutes } from './accounts/routes.ts'
import type { Pool } from './database/pool.ts'
import { createAssets } from './http/assets.ts'
import { bodies } from './http/body.ts'
import { sameSite } from './http/csrf.ts'
import { type HealthOptions, health, untilMigrated } from './http/health.ts'
import type { Limits } from './http/limits.ts'
import { nothingHere } from './http/problem.ts'
import { clientAddresses, identifyRequests } from './http/request-id.ts'
import { ANYWHERE, routes } from './http/routes.ts'
import { securityHeaders } from './http/security-headers.ts'
import { homeRoutes } from './layout/home.ts'
import type { AccessLog } from './runtime/access-log.ts'
import type { Drain } from './runtime/drain.ts'
import type { Log } from './runtime/log.ts'
import type { Metrics } from './runtime/metrics.ts'
import type { Directory } from './sessions/operations/revoke.ts'
import type { createStatistics } from './sessions/operations/statistics.ts'
import { shopMenu } from './shop/menu.ts'
import { shopRoutes } from './shop/routes.ts'
import { staffRoutes } from './staff/routes.ts'

export interface AppOptions {
  readonly site: string
  readonly https: boolean
  readonly trustProxy: number | boolean
  readonly clientAddressHeader: string | undefined
  readonly secrets: readonly string[]
  readonly health: HealthOptions
  readonly sessions: (route: { activity?: boolean | undefined }) => RequestHandler
  readonly directory: Directory
  /** The one translator of errors. */
  readonly problems: ErrorRequestHandler
  /** Whether an error means that the store is away, so that nobody can be known. */
  readonly isOutage: (error: unknown) => boolean
  readonly statistics: ReturnType<typeof createStatistics>
  readonly accounts: Accounts
  readonly limits: Limits
  readonly pool: Pool
  readonly log: Log
  readonly accessLog: AccessLog
  readonly metrics: Metrics
  readonly drain: Pick<Drain, 'handOver'>
}

/** The way of a request, top to bottom. */
export function createApp(options: AppOptions): Express {
  const { pool, metrics, accounts, isOutage } = options
  const app = express()
  const assets = createAssets(join(import.meta.dirname, 'public'))
  app.set('trust proxy', options.trustProxy)
  app.set('views', import.meta.dirname)
  app.set('view engine', 'ejs')
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.disable('x-powered-by')
  Object.assign(app.locals, { site: options.site, replica: options.health.replica, asset: assets.address })

  app.use(options.drain.handOver)
  app.use(identifyRequests({ replica: options.health.replica, answered: metrics.answered }))
  app.use(options.accessLog)
  app.use(health(options.health))
  app.use(securityHeaders({ https: options.https }))
  app.use(assets.middleware)
  app.use(pageLocals)
  app.use(untilMigrated(options.health.reason))
  app.use(sameSite())
  app.use(bodies())

  const clientAddress = clientAddresses(options.clientAddressHeader, () =>
    options.log.warn('client address unreadable'),
  )
  const table = [
    ...homeRoutes<Account>(),
    ...accountRoutes({ ...options, clientAddress }),
    ...shopRoutes({ pool }),
    ...staffRoutes({ ...options }),
    { method: 'GET', path: ANYWHERE, who: 'anyone', session: 'optional', handler: nothingHere } as const,
  ]
  app.use(routes(table, { session: options.sessions, identify: (req) => identify(req, accounts), admit, isOutage }))

  app.use(nothingHere)
  app.use(options.problems)
  return app
}

/** What every page has beside its own data. */
const pageLocals: RequestHandler = function pageLocals(req: Request, res, next) {
  Object.assign(res.locals, { path: req.path, menu: () => shopMenu(req) })
  next()
}

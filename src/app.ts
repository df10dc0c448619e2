import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'
import type { Account, Accounts } from './accounts/accounts.ts'
import { authenticate, authorize } from './accounts/authentication.ts'
import { accountRoutes } from './accounts/routes.ts'
import type { Pool } from './database/pool.ts'
import { createAssets } from './http/assets.ts'
import { bodies } from './http/body.ts'
import { csrfProtection } from './http/csrf.ts'
import { type HealthOptions, health, requireSchema } from './http/health.ts'
import type { Limits } from './http/limits.ts'
import { notFoundHandler } from './http/problem.ts'
import { assignRequestIds, clientAddresses } from './http/request-id.ts'
import { CATCH_ALL, get, routes } from './http/routes.ts'
import { securityHeaders } from './http/security-headers.ts'
import { homeRoutes } from './layout/home.ts'
import type { AccessLog } from './runtime/access-log.ts'
import type { Drain } from './runtime/drain.ts'
import type { Log } from './runtime/log.ts'
import type { Metrics } from './runtime/metrics.ts'
import type { AccountSessions } from './sessions/operations/accounts.ts'
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
  readonly accountSessions: AccountSessions
  readonly errorHandler: ErrorRequestHandler
  readonly isUnavailable: (error: unknown) => boolean
  readonly statistics: ReturnType<typeof createStatistics>
  readonly accounts: Accounts
  readonly limits: Limits
  readonly pool: Pool
  readonly log: Log
  readonly accessLog: AccessLog
  readonly metrics: Metrics
  readonly drain: Pick<Drain, 'middleware'>
}

/** The pipeline of a request, top to bottom. */
export function createApp(options: AppOptions): Express {
  const { pool, metrics, accounts, isUnavailable } = options
  const app = express()
  const assets = createAssets(join(import.meta.dirname, 'public'))
  app.set('trust proxy', options.trustProxy)
  app.set('views', import.meta.dirname)
  app.set('view engine', 'ejs')
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.disable('x-powered-by')
  Object.assign(app.locals, { site: options.site, replica: options.health.replica, asset: assets.address })

  app.use(options.drain.middleware)
  app.use(assignRequestIds({ replica: options.health.replica, onFinished: metrics.requestFinished }))
  app.use(options.accessLog)
  app.use(health(options.health))
  app.use(securityHeaders({ https: options.https }))
  app.use(assets.middleware)
  app.use(pageLocals)
  app.use(requireSchema(options.health.notReadyCause))
  app.use(csrfProtection())
  app.use(bodies())

  const clientAddress = clientAddresses(options.clientAddressHeader, () =>
    options.log.warn('client address unreadable'),
  )
  const table = [
    ...homeRoutes<Account>(),
    ...accountRoutes({ ...options, clientAddress }),
    ...shopRoutes({ pool }),
    ...staffRoutes({ ...options }),
    get(CATCH_ALL, 'anyone', 'optional', notFoundHandler),
  ]
  app.use(
    routes(table, {
      session: options.sessions,
      authenticate: (req) => authenticate(req, accounts),
      authorize,
      isUnavailable,
    }),
  )

  app.use(notFoundHandler)
  app.use(options.errorHandler)
  return app
}

const pageLocals: RequestHandler = function pageLocals(req: Request, res, next) {
  Object.assign(res.locals, { path: req.path, menu: () => shopMenu(req) })
  next()
}

import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express'
import type { RequestContext } from './reply.ts'

/** Who may use a route: `customer` is every signed-in user, staff too. */
export type Access = 'anyone' | 'customer' | 'staff'

/**
 * What a route needs of the session store. `none` never reads it. `optional` is served without a
 * user while the store is unavailable. `required` is a 503 then.
 */
export type SessionNeed = 'none' | 'optional' | 'required'

/** One row of a feature's route table. */
export interface Route<User> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly access: Access
  readonly session: SessionNeed
  /** false: a page that refreshes itself must not keep a session alive. */
  readonly activity?: false
  readonly handler: (context: RequestContext<User>) => void | Promise<void>
}

export interface RouteOptions<User> {
  /** Reads the session. Runs only for routes that need it. */
  readonly session: (route: Pick<Route<User>, 'activity'>) => RequestHandler
  /** The signed-in user, read from the database; null for a visitor. */
  readonly authenticate: (req: Request) => Promise<User | null>
  /** Throws AppError where this user may not use the route. */
  readonly authorize: (user: User | null, access: Access) => void
  /** Whether an error means that the session store or the database is unavailable. */
  readonly isUnavailable: (error: unknown) => boolean
}

/** Catch-all: renders the 404 page with the signed-in user's layout. */
export const CATCH_ALL = '/{*anywhere}'

type Handler<User> = Route<User>['handler']

/** A row for GET and HEAD. */
export function get<User>(path: string, access: Access, session: SessionNeed, handler: Handler<User>): Route<User> {
  return { method: 'GET', path, access, session, handler }
}

/** A row for POST. */
export function post<User>(path: string, access: Access, session: SessionNeed, handler: Handler<User>): Route<User> {
  return { method: 'POST', path, access, session, handler }
}

/** Mounts route tables. A known path with another method is a 405 with Allow. */
export function routes<User>(table: readonly Route<User>[], options: RouteOptions<User>): Router {
  const router = Router({ caseSensitive: true })
  for (const route of table) {
    if (route.path === CATCH_ALL) continue
    router[route.method === 'GET' ? 'get' : 'post'](route.path, handlerFor(route, options))
  }
  const knownPaths = table.map(({ path }) => path).filter((path) => path !== CATCH_ALL)
  for (const path of new Set(knownPaths)) router.all(path, onlyMethods(table, path))
  for (const route of table) if (route.path === CATCH_ALL) router.all(CATCH_ALL, handlerFor(route, options))
  return router
}

function handlerFor<User>(route: Route<User>, options: RouteOptions<User>): RequestHandler {
  const session = options.session(route)
  return async function handleRoute(req, res) {
    const user = route.session === 'none' ? null : await loadUser(req, res, route, session, options)
    options.authorize(user ?? null, route.access)
    await route.handler({ req, res, user: user ?? null })
  }
}

/**
 * Undefined, neither signed in nor out, where the store is unavailable and the route does not
 * require it.
 */
async function loadUser<User>(
  req: Request,
  res: Response,
  route: Route<User>,
  session: RequestHandler,
  { authenticate, isUnavailable }: RouteOptions<User>,
): Promise<User | null | undefined> {
  res.set('Cache-Control', 'no-store')
  try {
    await new Promise<void>((resolve, reject) => session(req, res, (error) => (error ? reject(error) : resolve())))
    res.locals.user = await authenticate(req)
  } catch (error) {
    if (route.session === 'required' || !isUnavailable(error)) throw error
  }
  return res.locals.user
}

function onlyMethods<User>(table: readonly Route<User>[], path: string): RequestHandler {
  const methods = table.filter((route) => route.path === path).map((route) => route.method)
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  return function onlyMethods(req: Request, res: Response, next: NextFunction) {
    res.set('Allow', allow)
    if (req.method === 'OPTIONS') res.status(204).end()
    else next(Object.assign(new Error(`This address accepts ${allow}.`), { status: 405, expose: true }))
  }
}

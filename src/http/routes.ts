import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express'
import type { Visit } from './reply.ts'

/** Who may come: `customer` is anybody who is signed in, staff too. */
export type Who = 'anyone' | 'customer' | 'staff'

/** One row of a feature's table of addresses. */
export interface Route<Person> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly who: Who
  /** What it needs of the session store: `none` never touches it; `optional` is served, undecided, while the store is away. */
  readonly session: 'none' | 'optional' | 'required'
  /** false: a page that refreshes itself, which must not keep a session alive. */
  readonly activity?: false
  readonly handler: (visit: Visit<Person>) => void | Promise<void>
}

export interface RouteOptions<Person> {
  /** Reads the session; run only where a route wants it. */
  readonly session: (route: Pick<Route<Person>, 'activity'>) => RequestHandler
  /** Who is signed in, read fresh; null for a visitor. */
  readonly identify: (req: Request) => Promise<Person | null>
  /** Throws where this person may not come. */
  readonly admit: (person: Person | null, who: Who) => void
  /** Whether an error means that the store is away, so that nobody can be known. */
  readonly isOutage: (error: unknown) => boolean
}

/** Every address that no other row has: what is not here is still said in the dress of whoever is signed in. */
export const ANYWHERE = '/{*anywhere}'

/** Mounts tables of addresses; a known address with another method is a 405 with Allow. */
export function routes<Person>(table: readonly Route<Person>[], options: RouteOptions<Person>): Router {
  const router = Router({ caseSensitive: true })
  for (const route of table) {
    if (route.path === ANYWHERE) continue
    router[route.method === 'GET' ? 'get' : 'post'](route.path, visit(route, options))
  }
  const known = table.map(({ path }) => path).filter((path) => path !== ANYWHERE)
  for (const path of new Set(known)) router.all(path, onlyMethods(table, path))
  for (const route of table) if (route.path === ANYWHERE) router.all(ANYWHERE, visit(route, options))
  return router
}

function visit<Person>(route: Route<Person>, options: RouteOptions<Person>): RequestHandler {
  const session = options.session(route)
  return async function visit(req, res) {
    const person = route.session === 'none' ? null : await know(req, res, route, session, options)
    options.admit(person ?? null, route.who)
    await route.handler({ req, res, person: person ?? null })
  }
}

/** Who comes: undefined, neither signed in nor out, where the store is away and the page stands without it. */
async function know<Person>(
  req: Request,
  res: Response,
  route: Route<Person>,
  session: RequestHandler,
  { identify, isOutage }: RouteOptions<Person>,
): Promise<Person | null | undefined> {
  res.set('Cache-Control', 'no-store')
  try {
    await new Promise<void>((resolve, reject) => session(req, res, (error) => (error ? reject(error) : resolve())))
    res.locals.person = await identify(req)
  } catch (error) {
    if (route.session === 'required' || !isOutage(error)) throw error
  }
  return res.locals.person
}

function onlyMethods<Person>(table: readonly Route<Person>[], path: string): RequestHandler {
  const methods = table.filter((route) => route.path === path).map((route) => route.method)
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  return function onlyMethods(req: Request, res: Response, next: NextFunction) {
    res.set('Allow', allow)
    if (req.method === 'OPTIONS') res.status(204).end()
    else next(Object.assign(new Error(`This address takes ${allow}.`), { status: 405, expose: true }))
  }
}

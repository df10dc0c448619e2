import type { Request, RequestHandler, Response } from 'express'
import type { Cookie } from 'express-session'
import { SessionGone } from '../errors.ts'
import { DEADLINE, within } from '../storage/deadline.ts'
import { touch } from '../tracking/expiry.ts'
import { type Gate, install } from './response-gate.ts'
import { createSignatures, readCookies, type Signatures } from './session-cookie.ts'
import type { PostgresSessions } from './session-store.ts'
import { type Clearing, clearStale } from './stale-cookies.ts'

export interface MiddlewareOptions {
  readonly store: PostgresSessions
  readonly secrets: readonly string[]
  readonly name: string
  readonly former: string | undefined
  /** Cookies of another domain or path, which are cleared beside the session's own. */
  readonly clear: readonly Clearing[]
  readonly secure: boolean
  readonly refuse: (req: Request, res: Response, error: unknown) => void
  readonly withheld: (req: Request) => void
}

/** A cookie whose signature verifies. */
interface Genuine {
  readonly sid: string
  /** It has the former name, or an old secret signed it. */
  readonly isOld: boolean
  readonly isFormer: boolean
}

/** What a request came with. */
interface Came {
  /** The id that counts: of the first session that lives, else of the first cookie that is genuine. */
  readonly sid: string | undefined
  readonly isOld: boolean
  /** One of them has the former name. */
  readonly isFormer: boolean
  /** The ids of the other sessions that live, and of rows that cannot be used. */
  readonly others: string[]
  /** None lives, and one of them ended a moment ago. */
  readonly endedLately: boolean
}

/** Genuine cookies that are looked up: as many as domains and paths can reasonably leave in one browser. */
const MOST_COOKIES = 4

type Route = { readonly activity?: boolean | undefined }

/**
 * Makes the middleware. It takes the place of express-session's own, which would verify and sign the cookie again, hash the session up to three times,
 * and write after the answer has begun; sessions and cookies are express-session's. What is written is committed before the first byte leaves.
 */
export function createMiddleware(options: MiddlewareOptions): (route?: Route) => RequestHandler {
  const { store } = options
  const signatures = createSignatures(options.secrets)
  return ({ activity = true } = {}) => {
    return function sessions(req, res, next) {
      if (req.session !== undefined) return next()
      const began = performance.now()
      find(req, findCookies(req, options, signatures), store, began).then(begin, next)

      function begin(came: Came): void {
        // Looking for the session and committing it are one wait for whoever asked: together they have one deadline.
        const patience = DEADLINE - (performance.now() - began)
        const dress = (gate: Gate) => setCookie(gate, came, options, signatures)
        const refuse = (_gate: Gate, error: unknown) => options.refuse(req, res, error)
        const settled = (gate: Gate) => settle(gate, came, activity, patience)
        const gate = install(req, res, { settle: settled, dress, refuse, endedLately: came.endedLately })
        gate.cookieDue = came.isOld && !came.endedLately
        next()
      }
    }
  }
}

/** All genuine cookies, those of the present name first. */
function findCookies(req: Request, { name, former }: MiddlewareOptions, signatures: Signatures): readonly Genuine[] {
  const { cookie } = req.headers
  const own = readCookies(cookie, name, signatures, MOST_COOKIES)
  const others = former === undefined ? [] : readCookies(cookie, former, signatures, MOST_COOKIES - own.length)
  return [
    ...own.map(({ sid, secret }) => ({ sid, isOld: secret > 0, isFormer: false })),
    ...others.map(({ sid }) => ({ sid, isOld: true, isFormer: true })),
  ]
}

/**
 * Gives the request its session, or a new one. Of several genuine cookies the first whose session lives counts: one of another domain or path, which no
 * answer without these attributes replaces, must not hide it. They are asked for in one turn, which is one statement.
 */
async function find(req: Request, genuine: readonly Genuine[], store: PostgresSessions, began: number): Promise<Came> {
  const held = req as unknown as { sessionStore: PostgresSessions; sessionID: string | undefined }
  held.sessionStore = store
  const found = await Promise.all(genuine.map(({ sid }) => store.read(sid)))
  const place = Math.max(
    0,
    found.findIndex((data) => data !== undefined),
  )
  const [data, counting] = [found[place], genuine[place]]
  held.sessionID = counting?.sid
  if (data !== undefined) store.createSession(req as never, data)
  else store.generate(req)
  const sids = genuine.map(({ sid }) => sid)
  const asks = data === undefined && sids.length > 0
  if (counting !== undefined && asks) store.records.successors.replace(counting.sid, req.session)
  const patience = () => DEADLINE - (performance.now() - began)
  return {
    sid: counting?.sid,
    isOld: counting?.isOld ?? false,
    isFormer: genuine.some(({ isFormer }) => isFormer),
    others: sids.filter((sid, index) => (found[index] === undefined ? store.isUnusable(sid) : sid !== counting?.sid)),
    endedLately: asks && (await within(patience(), store.table.endedLately(...sids))),
  }
}

/** Undefined where nothing is to be written; then nobody waits. Without activity the expiry stays: a page that refreshes itself must not keep a session alive. */
function settle(gate: Gate, came: Came, activity: boolean, patience: number): Promise<void> | undefined {
  const { req, busy } = gate
  if (busy !== undefined) {
    gate.busy = undefined
    return busy.then(() => settle(gate, came, activity, patience))
  }
  if (!req.session) return endOthers(gate, came, patience)
  const { records } = req.sessionStore as unknown as PostgresSessions
  const pending = records.pending(req.session, activity)
  if (pending === undefined) return undefined
  if (gate.endedLately) return Promise.reject(new SessionGone())
  const committed = within(patience, records.commit(req.sessionID, req.session, pending))
  // A renewal that fails costs nobody an answer.
  const renewed = pending.changes.length > 0 || pending.chosen ? committed : committed.catch(() => false)
  return renewed.then((moved) => {
    gate.cookieDue ||= moved
  })
}

/** A session that ends takes the others of this browser with it: else the next request would be signed in by one of those. */
function endOthers({ req }: Gate, { others }: Came, patience: number): Promise<void> | undefined {
  if (others.length === 0) return undefined
  const { table } = req.sessionStore as unknown as PostgresSessions
  return within(patience, Promise.all(others.splice(0).map((sid) => table.destroy(sid)))).then(() => {})
}

/** The cookie goes out when it is new, when the expiry moved, and in place of one of an old name or secret; and it is taken back when the session ended. */
function setCookie(
  { req, res, cookieDue, endedLately }: Gate,
  came: Came,
  { store, name, former, clear, secure, withheld }: MiddlewareOptions,
  signatures: Signatures,
): void {
  // As it was set: a browser takes nothing of a __Host- name without Secure.
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const { session } = req
  if (!session) {
    // It could take away the cookie of a sign-in that has just happened.
    if (endedLately) return
    clearStale(req, res, clear, name)
    if (came.sid !== undefined) res.clearCookie(name, attributes)
    if (came.isFormer && former !== undefined) res.clearCookie(former, attributes)
    return
  }
  const isNew = req.sessionID !== came.sid
  if (!store.records.has(session) || !(isNew || cookieDue)) return
  if (session.cookie.secure && !req.secure) {
    withheld(req)
    return
  }
  if (!isNew) touch(session)
  // First: a browser may take a cookie of its own domain for the same as the session's, and the last one counts.
  clearStale(req, res, clear, name)
  res.append('Set-Cookie', serialized(session.cookie, name, signatures.sign(req.sessionID)))
  if (came.isFormer && former !== undefined) res.clearCookie(former, attributes)
}

/** express-session's cookie writes itself, which its types do not say; without Max-Age, so that a replica whose clock is off would shorten it. */
function serialized(cookie: Cookie, name: string, value: string): string {
  const text = (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, value)
  const { originalMaxAge } = cookie
  return originalMaxAge === null ? text : `${text}; Max-Age=${Math.floor(originalMaxAge / 1000)}`
}

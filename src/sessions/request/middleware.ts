import type { Request, RequestHandler, Response } from 'express'
import type { Cookie } from 'express-session'
import { SessionEnded } from '../errors.ts'
import { DEADLINE_MS, withTimeout } from '../storage/deadline.ts'
import { touchCookie } from '../tracking/expiry.ts'
import { type DeferredResponse, deferResponse } from './deferred-response.ts'
import { createSignatures, readCookies, type Signatures } from './session-cookie.ts'
import type { PostgresSessionStore } from './session-store.ts'
import { type CookieToClear, clearStaleCookies } from './stale-cookies.ts'

export interface MiddlewareOptions {
  readonly store: PostgresSessionStore
  readonly secrets: readonly string[]
  readonly name: string
  readonly previousName: string | undefined
  /** Cookies of another domain or path, which are cleared beside the session's own. */
  readonly staleCookies: readonly CookieToClear[]
  readonly secure: boolean
  readonly onCommitError: (req: Request, res: Response, error: unknown) => void
  readonly onCookieWithheld: (req: Request) => void
}

/** A cookie whose signature verifies. */
interface RequestCookie {
  readonly sid: string
  /** It has the former name, or an old secret signed it. */
  readonly needsResign: boolean
  readonly hasPreviousName: boolean
}

/** What a request came with. */
interface Lookup {
  /** The id that counts: of the first session that lives, else of the first cookie that is genuine. */
  readonly sid: string | undefined
  readonly needsResign: boolean
  /** One of them has the former name. */
  readonly hasPreviousName: boolean
  /** The ids of the other sessions that live, and of rows that cannot be used. */
  readonly otherSids: string[]
  /** None lives, and one of them ended a moment ago. */
  readonly endedRecently: boolean
}

/** Genuine cookies that are looked up: as many as domains and paths can reasonably leave in one browser. */
const MAX_COOKIES = 4

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
      const startedAt = performance.now()
      lookUp(req, verifiedCookies(req, options, signatures), store, startedAt).then(begin, next)

      function begin(lookup: Lookup): void {
        // Looking for the session and committing it are one wait for whoever asked: together they have one deadline.
        const timeoutMs = DEADLINE_MS - (performance.now() - startedAt)
        const onHeaders = (deferred: DeferredResponse) => setCookie(deferred, lookup, options, signatures)
        const onCommitError = (_gate: DeferredResponse, error: unknown) => options.onCommitError(req, res, error)
        const commit = (deferred: DeferredResponse) => commitSession(deferred, lookup, activity, timeoutMs)
        const deferred = deferResponse(req, res, {
          commit,
          onHeaders,
          onCommitError,
          endedRecently: lookup.endedRecently,
        })
        deferred.shouldSetCookie = lookup.needsResign && !lookup.endedRecently
        next()
      }
    }
  }
}

/** All genuine cookies, those of the present name first. */
function verifiedCookies(
  req: Request,
  { name, previousName }: MiddlewareOptions,
  signatures: Signatures,
): readonly RequestCookie[] {
  const { cookie } = req.headers
  const own = readCookies(cookie, name, signatures, MAX_COOKIES)
  const otherSids =
    previousName === undefined ? [] : readCookies(cookie, previousName, signatures, MAX_COOKIES - own.length)
  return [
    ...own.map(({ sid, secretIndex: secret }) => ({ sid, needsResign: secret > 0, hasPreviousName: false })),
    ...otherSids.map(({ sid }) => ({ sid, needsResign: true, hasPreviousName: true })),
  ]
}

/**
 * Gives the request its session, or a new one. Of several genuine cookies the first whose session lives counts: one of another domain or path, which no
 * answer without these attributes replaces, must not hide it. They are asked for in one turn, which is one statement.
 */
async function lookUp(
  req: Request,
  cookies: readonly RequestCookie[],
  store: PostgresSessionStore,
  startedAt: number,
): Promise<Lookup> {
  const target = req as unknown as { sessionStore: PostgresSessionStore; sessionID: string | undefined }
  target.sessionStore = store
  const found = await Promise.all(cookies.map(({ sid }) => store.read(sid)))
  const place = Math.max(
    0,
    found.findIndex((data) => data !== undefined),
  )
  const [data, counting] = [found[place], cookies[place]]
  target.sessionID = counting?.sid
  if (data !== undefined) store.createSession(req as never, data)
  else store.generate(req)
  const sids = cookies.map(({ sid }) => sid)
  const asks = data === undefined && sids.length > 0
  if (counting !== undefined && asks) store.tracked.successors.replace(counting.sid, req.session)
  const timeoutMs = () => DEADLINE_MS - (performance.now() - startedAt)
  return {
    sid: counting?.sid,
    needsResign: counting?.needsResign ?? false,
    hasPreviousName: cookies.some(({ hasPreviousName }) => hasPreviousName),
    otherSids: sids.filter((sid, index) =>
      found[index] === undefined ? store.isUnusable(sid) : sid !== counting?.sid,
    ),
    endedRecently: asks && (await withTimeout(timeoutMs(), store.table.endedRecently(...sids))),
  }
}

/** Undefined where nothing is to be written; then nobody waits. Without activity the expiry stays: a page that refreshes itself must not keep a session alive. */
function commitSession(
  deferred: DeferredResponse,
  lookup: Lookup,
  activity: boolean,
  timeoutMs: number,
): Promise<void> | undefined {
  const { req, pendingWork: busy } = deferred
  if (busy !== undefined) {
    deferred.pendingWork = undefined
    return busy.then(() => commitSession(deferred, lookup, activity, timeoutMs))
  }
  if (!req.session) return destroyOthers(deferred, lookup, timeoutMs)
  const { tracked: records } = req.sessionStore as unknown as PostgresSessionStore
  const write = records.pendingWrite(req.session, activity)
  if (write === undefined) return undefined
  if (deferred.endedRecently) return Promise.reject(new SessionEnded())
  const committed = withTimeout(timeoutMs, records.commit(req.sessionID, req.session, write))
  // A renewal that fails costs nobody an answer.
  const touched = write.changes.length > 0 || write.lifetimeChanged ? committed : committed.catch(() => false)
  return touched.then((moved) => {
    deferred.shouldSetCookie ||= moved
  })
}

/** A session that ends takes the others of this browser with it: else the next request would be signed in by one of those. */
function destroyOthers({ req }: DeferredResponse, { otherSids }: Lookup, timeoutMs: number): Promise<void> | undefined {
  if (otherSids.length === 0) return undefined
  const { table } = req.sessionStore as unknown as PostgresSessionStore
  return withTimeout(timeoutMs, Promise.all(otherSids.splice(0).map((sid) => table.destroy(sid)))).then(() => {})
}

/** The cookie goes out when it is new, when the expiry moved, and in place of one of an old name or secret; and it is taken back when the session ended. */
function setCookie(
  { req, res, shouldSetCookie: cookieDue, endedRecently }: DeferredResponse,
  lookup: Lookup,
  { store, name, previousName, staleCookies, secure, onCookieWithheld }: MiddlewareOptions,
  signatures: Signatures,
): void {
  // As it was set: a browser takes nothing of a __Host- name without Secure.
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const { session } = req
  if (!session) {
    // It could take away the cookie of a sign-in that has just happened.
    if (endedRecently) return
    clearStaleCookies(req, res, staleCookies, name)
    if (lookup.sid !== undefined) res.clearCookie(name, attributes)
    if (lookup.hasPreviousName && previousName !== undefined) res.clearCookie(previousName, attributes)
    return
  }
  const isNew = req.sessionID !== lookup.sid
  if (!store.tracked.hasRow(session) || !(isNew || cookieDue)) return
  if (session.cookie.secure && !req.secure) {
    onCookieWithheld(req)
    return
  }
  if (!isNew) touchCookie(session)
  // First: a browser may take a cookie of its own domain for the same as the session's, and the last one counts.
  clearStaleCookies(req, res, staleCookies, name)
  res.append('Set-Cookie', serialized(session.cookie, name, signatures.sign(req.sessionID)))
  if (lookup.hasPreviousName && previousName !== undefined) res.clearCookie(previousName, attributes)
}

/** express-session's cookie writes itself, which its types do not say; without Max-Age, so that a replica whose clock is off would shorten it. */
function serialized(cookie: Cookie, name: string, value: string): string {
  const text = (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, value)
  const { originalMaxAge } = cookie
  return originalMaxAge === null ? text : `${text}; Max-Age=${Math.floor(originalMaxAge / 1000)}`
}

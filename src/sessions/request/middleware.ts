import type { Request, RequestHandler, Response } from 'express'
import type { Cookie } from 'express-session'
import { SessionEnded } from '../errors.ts'
import { DEADLINE_MS, withTimeout } from '../storage/deadline.ts'
import { touchCookie } from '../tracking/expiry.ts'
import { type DeferredResponse, deferResponse } from './deferred-response.ts'
import { type Lookup, lookUpSession } from './lookup.ts'
import { createSignatures, type Signatures } from './session-cookie.ts'
import type { PostgresSessionStore } from './session-store.ts'
import { type CookieToClear, clearStaleCookies } from './stale-cookies.ts'

export interface MiddlewareOptions {
  readonly store: PostgresSessionStore
  readonly secrets: readonly string[]
  readonly name: string
  readonly previousName: string | undefined
  readonly staleCookies: readonly CookieToClear[]
  readonly secure: boolean
  readonly onCommitError: (req: Request, res: Response, error: unknown) => void
  readonly onCookieWithheld: (req: Request) => void
}

type Route = { readonly activity?: boolean | undefined }

/**
 * Replaces express-session's middleware, which hashes the session up to three times for each
 * request and saves after the response has begun. This one commits before the first byte leaves.
 * Sessions and cookies are express-session's.
 */
export function createMiddleware(options: MiddlewareOptions): (route?: Route) => RequestHandler {
  const signatures = createSignatures(options.secrets)
  return ({ activity = true } = {}) => {
    return function sessions(req, res, next) {
      if (req.session !== undefined) return next()
      const startedAt = performance.now()
      lookUpSession(req, { ...options, signatures }, startedAt).then(begin, next)

      function begin(lookup: Lookup): void {
        const timeoutMs = DEADLINE_MS - (performance.now() - startedAt)
        const deferred = deferResponse(req, res, {
          commit: (self) => commitSession(self, lookup, activity, timeoutMs),
          onHeaders: (self) => setCookie(self, lookup, options, signatures),
          onCommitError: (_self, error) => options.onCommitError(req, res, error),
          endedRecently: lookup.endedRecently,
        })
        deferred.shouldSetCookie = lookup.needsResign && !lookup.endedRecently
        next()
      }
    }
  }
}

/** Undefined where there is nothing to write. Without `activity` the expiry stays. */
function commitSession(
  deferred: DeferredResponse,
  lookup: Lookup,
  activity: boolean,
  timeoutMs: number,
): Promise<void> | undefined {
  const { req, pendingWork } = deferred
  if (pendingWork !== undefined) {
    deferred.pendingWork = undefined
    return pendingWork.then(() => commitSession(deferred, lookup, activity, timeoutMs))
  }
  if (!req.session) return destroyOthers(deferred, lookup, timeoutMs)
  const { tracked } = req.sessionStore as unknown as PostgresSessionStore
  const write = tracked.pendingWrite(req.session, activity)
  if (write === undefined) return undefined
  if (deferred.endedRecently) return Promise.reject(new SessionEnded())
  const committed = withTimeout(timeoutMs, tracked.commit(req.sessionID, req.session, write))
  const isOnlyTouch = write.changes.length === 0 && !write.lifetimeChanged
  const touched = isOnlyTouch ? committed.catch(() => false) : committed
  return touched.then((hasMoved) => {
    deferred.shouldSetCookie ||= hasMoved
  })
}

/** Else a cookie of the browser's other sessions would sign in the next request. */
function destroyOthers({ req }: DeferredResponse, { otherSids }: Lookup, timeoutMs: number): Promise<void> | undefined {
  if (otherSids.length === 0) return undefined
  const { table } = req.sessionStore as unknown as PostgresSessionStore
  return withTimeout(timeoutMs, Promise.all(otherSids.splice(0).map((sid) => table.destroy(sid)))).then(() => {})
}

function setCookie(
  { req, res, shouldSetCookie, endedRecently }: DeferredResponse,
  lookup: Lookup,
  { store, name, previousName, staleCookies, secure, onCookieWithheld }: MiddlewareOptions,
  signatures: Signatures,
): void {
  // As it was set: browsers ignore a __Host- cookie without Secure.
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const { session } = req
  if (!session) {
    // Clearing could remove the cookie of a sign-in that has just happened.
    if (endedRecently) return
    clearStaleCookies(req, res, staleCookies, name)
    if (lookup.sid !== undefined) res.clearCookie(name, attributes)
    if (lookup.hasPreviousName && previousName !== undefined) res.clearCookie(previousName, attributes)
    return
  }
  const isNew = req.sessionID !== lookup.sid
  if (!store.tracked.hasRow(session) || !(isNew || shouldSetCookie)) return
  if (session.cookie.secure && !req.secure) {
    onCookieWithheld(req)
    return
  }
  if (!isNew) touchCookie(session)
  // First: a browser may take its own domain's cookie for the session's. The last header wins.
  clearStaleCookies(req, res, staleCookies, name)
  res.append('Set-Cookie', serialized(session.cookie, name, signatures.sign(req.sessionID)))
  if (lookup.hasPreviousName && previousName !== undefined) res.clearCookie(previousName, attributes)
}

/** With Max-Age, so that a replica's wrong clock does not shorten the cookie. */
function serialized(cookie: Cookie, name: string, value: string): string {
  const text = (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, value)
  const { originalMaxAge } = cookie
  return originalMaxAge === null ? text : `${text}; Max-Age=${Math.floor(originalMaxAge / 1000)}`
}

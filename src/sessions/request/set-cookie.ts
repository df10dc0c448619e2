import type { Request } from 'express'
import type { CookieOptions } from 'express-session'
import { touchCookie } from '../tracking/expiry.ts'
import { warnOnce } from '../warn-once.ts'
import { type CookieAttributes, clearedCookie, serializeCookie } from './cookie-attributes.ts'
import type { DeferredResponse } from './deferred-response.ts'
import type { Lookup } from './lookup.ts'
import type { Signatures } from './session-cookie.ts'
import type { PostgresSessionStore } from './session-store.ts'
import { type CookieToClear, staleCookieHeaders } from './stale-cookies.ts'

export interface SetCookieOptions {
  readonly store: PostgresSessionStore
  readonly signatures: Signatures
  readonly name: string
  readonly previousName: string | undefined
  readonly attributes: CookieAttributes
  readonly staleCookies: readonly CookieToClear[]
  readonly onCookieWithheld: (req: Request) => void
}

/** RFC 6265: browsers take at least this. */
const MAX_COOKIE_BYTES = 4096

/** Sets, renews or clears the session's cookie, just before the headers are sent. */
export function setCookie(deferred: DeferredResponse, lookup: Lookup, options: SetCookieOptions): void {
  const { req, shouldSetCookie, endedRecently } = deferred
  const { store, signatures, name, previousName, attributes, staleCookies, onCookieWithheld } = options
  const { session } = req
  const clearPrevious = () =>
    lookup.hasPreviousName && previousName !== undefined ? [clearedCookie(previousName, attributes.of(req))] : []
  const stale = () => [
    ...staleCookieHeaders(req, staleCookies, name),
    ...(lookup.hasSeveral ? otherForms(name, attributes.of(req)) : []),
  ]
  if (!session) {
    // Clearing could remove the cookie of a sign-in that has just happened.
    if (endedRecently || !deferred.hasDestroyed) return
    // As it was set: browsers ignore a __Host- cookie without Secure.
    const own = lookup.sid === undefined ? [] : [clearedCookie(name, attributes.of(req))]
    append(deferred, [...stale(), ...own, ...clearPrevious()])
    return
  }
  const isNew = req.sessionID !== lookup.sid
  if (!store.tracked.hasRow(session) || !(isNew || shouldSetCookie)) return
  if (session.cookie.secure && !attributes.isSecure(req)) {
    onCookieWithheld(req)
    return
  }
  if (!isNew) touchCookie(session)
  const value = attributes.encode(signatures.sign(req.sessionID), req)
  const own = serializeCookie(session.cookie, name, value)
  if (own.length > MAX_COOKIE_BYTES)
    warnOnce(`the cookie ${name} has ${own.length} bytes: browsers ignore one of more than ${MAX_COOKIE_BYTES}`)
  // First: a browser may take its own domain's cookie for the session's. The last header wins.
  append(deferred, [...stale(), own, ...clearPrevious()])
}

/** A cookie of the same name without our Domain, or with the Path that most applications use. */
function otherForms(name: string, { domain, path = '/', ...rest }: CookieOptions): readonly string[] {
  const forms = new Set(
    [{ domain, path: '/' }, { path }, { path: '/' }].map((form) => clearedCookie(name, { ...rest, ...form })),
  )
  forms.delete(clearedCookie(name, { ...rest, domain, path }))
  return [...forms]
}

function append({ res }: DeferredResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
}

import type { SessionData } from 'express-session'
import type { Lifetime, Row } from '../storage/session-table.ts'

/** As connect-pg-simple: a session whose cookie lives as long as the browser is kept for a day. */
const BROWSER_SESSION_MS = 86_400_000
/** The expiry is moved once it lags by a hundredth of the lifetime, an hour at most. */
const TOUCH_THRESHOLD = { share: 0.01, maxMs: 3_600_000 }
/** Ten years: what is much longer fits neither into the column's arithmetic nor into a cookie's date. */
const MAX_LIFETIME_MS = 3650 * BROWSER_SESSION_MS

/** Throws RangeError where a lifetime is none that a row and a cookie can hold. */
export function checkLifetime(name: string, milliseconds: number | undefined): void {
  if (milliseconds === undefined || (milliseconds > 0 && milliseconds <= MAX_LIFETIME_MS)) return
  throw new RangeError(
    `${name} must be above 0 and at most ${MAX_LIFETIME_MS} milliseconds (ten years), not ${milliseconds}`,
  )
}

/** Milliseconds that a session lives without activity. */
export function lifetimeMsOf({ cookie }: { readonly cookie?: unknown }): number {
  const maxAge = maxAgeOf(cookie)
  return Math.min(typeof maxAge === 'number' ? maxAge : BROWSER_SESSION_MS, MAX_LIFETIME_MS)
}

/** What a cookie says of its lifetime: milliseconds, null for as long as the browser runs; undefined where it says nothing. */
export function maxAgeOf(cookie: unknown): unknown {
  return (cookie as { originalMaxAge?: unknown } | null | undefined)?.originalMaxAge
}

/** express-session reckons a cookie's lifetime anew from its expiry, to the millisecond: a smaller difference is nobody's choice. */
const DRIFT_MS = 1000

/** Whether the application has given the session another lifetime than it had. */
export function hasLifetimeChanged(before: unknown, now: unknown): boolean {
  if (typeof before === 'number' && typeof now === 'number') return Math.abs(before - now) >= Math.min(DRIFT_MS, before)
  return before !== undefined && now !== undefined && before !== now
}

/** Whether the expiry lags so far that moving it is worth a write. */
export function shouldTouch({ idleExpiryMs: remaining, absoluteExpiryMs: ends }: Row, session: SessionData): boolean {
  const lifetime = lifetimeMsOf(session)
  return Math.min(lifetime, ends) - remaining >= Math.min(lifetime * TOUCH_THRESHOLD.share, TOUCH_THRESHOLD.maxMs)
}

/** The row once its expiry was moved by `life`, if it was. */
export function afterTouch(row: Row, lifetime: Lifetime | undefined): Row {
  return lifetime === undefined ? row : { ...row, idleExpiryMs: Math.min(lifetime.idleMs, row.absoluteExpiryMs) }
}

/** Moves the cookie's expiry; what is no express-session's session has none that moves. */
export function touchCookie(session: SessionData & { touchCookie?: unknown }): void {
  if (typeof session.touchCookie !== 'function') return
  const { originalMaxAge } = session.cookie
  session.touchCookie()
  session.cookie.originalMaxAge = originalMaxAge
}

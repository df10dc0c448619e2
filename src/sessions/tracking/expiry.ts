import type { SessionData } from 'express-session'
import type { Lifetime, Row } from '../storage/session-table.ts'

/** A touch is worth a write once the expiry lags by 1 % of the lifetime, or by an hour. */
const TOUCH_THRESHOLD = { share: 0.01, maxMs: 3_600_000 }
/** Ten years. Much longer lifetimes overflow the column's arithmetic and a cookie's date. */
const MAX_LIFETIME_MS = 3650 * 86_400_000

/** Throws RangeError for a lifetime that a row and a cookie cannot hold. */
export function checkLifetime(name: string, milliseconds: number | undefined): void {
  if (milliseconds === undefined || (milliseconds > 0 && milliseconds <= MAX_LIFETIME_MS)) return
  throw new RangeError(
    `${name} must be above 0 and at most ${MAX_LIFETIME_MS} milliseconds (ten years), not ${milliseconds}`,
  )
}

/** How long a session lives without activity. */
export function lifetimeMsOf({ cookie }: { readonly cookie?: unknown }, browserSessionMs: number): number {
  return Math.min(maxAgeOf(cookie) ?? browserSessionMs, MAX_LIFETIME_MS)
}

/** Milliseconds; null until the browser closes, undefined where the cookie has no valid one. */
export function maxAgeOf(cookie: unknown): number | null | undefined {
  const { originalMaxAge: maxAge } = (cookie ?? {}) as { originalMaxAge?: unknown }
  // express-session stores false where the application set `expires` to false.
  return maxAge === null || maxAge === false ? null : typeof maxAge === 'number' ? maxAge : undefined
}

/** express-session recomputes a lifetime from the expiry: less than this is not a choice. */
const DRIFT_MS = 1000

/** As maxAgeOf, for a cookie that any program may have written into a row. */
export function storedMaxAgeOf(cookie: unknown): number | null | undefined {
  const maxAge = maxAgeOf(cookie)
  if (typeof maxAge !== 'number') return maxAge
  return maxAge > 0 && maxAge < Number.POSITIVE_INFINITY ? Math.min(maxAge, MAX_LIFETIME_MS) : undefined
}

/** Whether the application gave the session another lifetime. */
export function hasLifetimeChanged(before: number | null | undefined, now: number | null | undefined): boolean {
  if (typeof before === 'number' && typeof now === 'number')
    return Math.abs(before - now) >= Math.min(DRIFT_MS, Math.abs(before))
  return before !== undefined && now !== undefined && before !== now
}

/** Whether the expiry lags so far that moving it is worth a write. */
export function shouldTouch({ idleExpiryMs, absoluteExpiryMs }: Row, lifetimeMs: number): boolean {
  return (
    Math.min(lifetimeMs, absoluteExpiryMs) - idleExpiryMs >=
    Math.min(lifetimeMs * TOUCH_THRESHOLD.share, TOUCH_THRESHOLD.maxMs)
  )
}

/** The row after a touch with this lifetime; the same row without one. */
export function afterTouch(row: Row, lifetime: Lifetime | undefined): Row {
  return lifetime === undefined ? row : { ...row, idleExpiryMs: Math.min(lifetime.idleMs, row.absoluteExpiryMs) }
}

/** Moves the cookie's expiry. Plain data, which has no `touch`, stays as it is. */
export function touchCookie(session: SessionData & { touch?: unknown }): void {
  if (typeof session.touch !== 'function') return
  const { originalMaxAge } = session.cookie
  session.touch()
  session.cookie.originalMaxAge = originalMaxAge
}

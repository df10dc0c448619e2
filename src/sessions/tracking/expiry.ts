import type { SessionData } from 'express-session'
import type { Life, Row } from '../storage/session-table.ts'

/** As connect-pg-simple: a session whose cookie lives as long as the browser is kept for a day. */
const WITHOUT_MAX_AGE = 86_400_000
/** The expiry is moved once it lags by a hundredth of the lifetime, an hour at most. */
const LAG = { share: 0.01, most: 3_600_000 }
/** Ten years: what is much longer fits neither into the column's arithmetic nor into a cookie's date. */
const LONGEST = 3650 * WITHOUT_MAX_AGE

/** Throws RangeError where a lifetime is none that a row and a cookie can hold. */
export function checkLifetime(name: string, milliseconds: number | undefined): void {
  if (milliseconds === undefined || (milliseconds > 0 && milliseconds <= LONGEST)) return
  throw new RangeError(`${name} must be above 0 and at most ${LONGEST} milliseconds (ten years), not ${milliseconds}`)
}

/** Milliseconds that a session lives without activity. */
export function lifetimeOf({ cookie }: { readonly cookie?: unknown }): number {
  const maxAge = maxAgeOf(cookie)
  return Math.min(typeof maxAge === 'number' ? maxAge : WITHOUT_MAX_AGE, LONGEST)
}

/** What a cookie says of its lifetime: milliseconds, null for as long as the browser runs; undefined where it says nothing. */
export function maxAgeOf(cookie: unknown): unknown {
  return (cookie as { originalMaxAge?: unknown } | null | undefined)?.originalMaxAge
}

/** express-session reckons a cookie's lifetime anew from its expiry, to the millisecond: a smaller difference is nobody's choice. */
const DRIFT = 1000

/** Whether the application has given the session another lifetime than it had. */
export function isChosen(before: unknown, now: unknown): boolean {
  if (typeof before === 'number' && typeof now === 'number') return Math.abs(before - now) >= Math.min(DRIFT, before)
  return before !== undefined && now !== undefined && before !== now
}

/** Whether the expiry lags so far that moving it is worth a write. */
export function isDue({ remaining, ends }: Row, session: SessionData): boolean {
  const lifetime = lifetimeOf(session)
  return Math.min(lifetime, ends) - remaining >= Math.min(lifetime * LAG.share, LAG.most)
}

/** The row once its expiry was moved by `life`, if it was. */
export function renewed(row: Row, life: Life | undefined): Row {
  return life === undefined ? row : { ...row, remaining: Math.min(life.idle, row.ends) }
}

/** Moves the cookie's expiry; what is no express-session's session has none that moves. */
export function touch(session: SessionData & { touch?: unknown }): void {
  if (typeof session.touch !== 'function') return
  const { originalMaxAge } = session.cookie
  session.touch()
  session.cookie.originalMaxAge = originalMaxAge
}

import { createHash } from 'node:crypto'
import type { Cookie, SessionData } from 'express-session'
import { signCookie } from '../e2e/support/attacks/cookies.ts'

declare module 'express-session' {
  interface SessionData {
    account?: string
    credentialsVersion?: number
    signedInAt?: number
    basket?: Record<string, number>
    /** Makes a session large. */
    notes?: Record<string, string>
    /** The field that a write changes. */
    visits?: number
  }
}

export const SECRET = 'a secret of the benchmark alone and long enough'
export const COOKIE_NAME = 'sid'
export const MAX_AGE_MS = 30 * 86_400_000

/** A range of session numbers. */
export interface SessionRange {
  readonly first: number
  readonly count: number
  /** Every `step`th number; default 1. */
  readonly step?: number
}

/** Sessions of 250 bytes, and of some kilobytes. */
export const SMALL_SESSIONS = { first: 0, count: 2_000 } as const
export const LARGE_SESSIONS = { first: 1_000_000_000, count: 500 } as const

/** In SQL: `md5('bench ' || n)`. */
export function sidOf(n: number | string): string {
  return createHash('md5').update(`bench ${n}`).digest('hex')
}

/** The value of the Cookie header for this session. */
export function cookieOf(n: number): string {
  return `${COOKIE_NAME}=${signCookie(sidOf(n), SECRET)}`
}

export function numbersOf({ first, count, step = 1 }: SessionRange): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/**
 * The content of a signed-in user's session. `n` may be a placeholder that SQL replaces by a
 * number.
 */
export function sessionOf(n: number | string): SessionData {
  const cookie = {
    originalMaxAge: MAX_AGE_MS,
    expires: new Date(Date.now() + MAX_AGE_MS),
    secure: false,
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  } satisfies Partial<Cookie> as unknown as Cookie
  const data: SessionData = {
    cookie,
    account: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    credentialsVersion: 0,
    signedInAt: Date.now(),
    basket: { 'brown-eggs': 2, 'rye-bread': 1 },
  }
  return Number(n) >= LARGE_SESSIONS.first ? { ...data, notes: notes(Number(n)) } : data
}

/** All small and large sessions, with their ids. */
export function* preparedSessions(): Generator<readonly [string, SessionData]> {
  for (const range of [SMALL_SESSIONS, LARGE_SESSIONS])
    for (const n of numbersOf(range)) yield [sidOf(n), sessionOf(n)] as const
}

/** 5 kB that are as hard to compress as what people write. */
function notes(n: number): Record<string, string> {
  const line = (index: number) => createHash('sha256').update(`${n} ${index}`).digest('base64')
  return Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`note-${100 + index}`, line(index)]))
}

import { createHash } from 'node:crypto'
import type { Cookie, SessionData } from 'express-session'
import { signCookie } from '../e2e/support/attacks/cookies.ts'

declare module 'express-session' {
  interface SessionData {
    account?: string
    credentialsVersion?: number
    signedInAt?: number
    basket?: Record<string, number>
    /** What makes a session large. */
    notes?: Record<string, string>
    /** What a write changes. */
    visits?: number
  }
}

export const secret = 'a secret of the benchmark alone and long enough'
export const cookieName = 'sid'
export const maxAge = 30 * 86_400_000

/** Sessions by number: small ones from 0, large ones of some kilobytes from `large.first`. */
export const small = { first: 0, count: 2_000 } as const
export const large = { first: 1_000_000_000, count: 500 } as const

/** As SQL has it: `md5('bench ' || n)`. */
export function sidOf(n: number | string): string {
  return createHash('md5').update(`bench ${n}`).digest('hex')
}

/** The Cookie header of whoever holds this session. */
export function cookieOf(n: number): string {
  return `${cookieName}=${signCookie(sidOf(n), secret)}`
}

/** What a session of somebody who is signed in holds; `n` as a text leaves a place for SQL to put a number in. */
export function sessionOf(n: number | string): SessionData {
  const cookie = {
    originalMaxAge: maxAge,
    expires: new Date(Date.now() + maxAge),
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
  return Number(n) >= large.first ? { ...data, notes: notes(Number(n)) } : data
}

/** All of them, with their ids. */
export function* preparedSessions(): Generator<readonly [string, SessionData]> {
  for (const { first, count } of [small, large])
    for (let n = first; n < first + count; n++) yield [sidOf(n), sessionOf(n)] as const
}

/** 5 kB that are as hard to compress as what people write. */
function notes(n: number): Record<string, string> {
  const line = (index: number) => createHash('sha256').update(`${n} ${index}`).digest('base64')
  return Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`note-${100 + index}`, line(index)]))
}

import { createHmac } from 'node:crypto'
import type { Visitor } from '../actors/visitor.ts'

/** The value of the session cookie that this browser has now; empty: it has none. */
export function sessionCookie({ jar }: Visitor, name = 'sid'): string {
  return jar.get(name) ?? ''
}

/** The session id within that cookie. */
export function sessionId(visitor: Visitor, name?: string): string {
  return parseCookieValue(sessionCookie(visitor, name)).sid
}

/** Gives another browser the session cookie that this one has now. */
export function copySession(from: Visitor, to: Visitor): Visitor {
  to.jar.set('sid', sessionCookie(from))
  return to
}

/** The value of a session cookie for this sid, signed as express-session does. */
export function signCookie(sid: string, secret: string): string {
  const signature = createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')
  return encodeURIComponent(`s:${sid}.${signature}`)
}

/** The sid and the signature within a session cookie's value. */
export function parseCookieValue(cookie: string): { readonly sid: string; readonly signature: string } {
  const value = decoded(cookie).replace(/^s:/, '')
  const dot = value.lastIndexOf('.')
  return { sid: value.slice(0, dot), signature: value.slice(dot + 1) }
}

function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return cookie
  }
}

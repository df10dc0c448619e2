import { createHmac } from 'node:crypto'

/** The value of a session cookie for this sid, signed as express-session does; with the right secret it verifies. */
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

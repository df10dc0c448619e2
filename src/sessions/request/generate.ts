import { randomBytes } from 'node:crypto'
import type { Request } from 'express'
import type { CookieAttributes } from './cookie-attributes.ts'
import { newCookie } from './cookie-attributes.ts'
import { isSid } from './session-cookie.ts'
import { newSession } from './session-object.ts'
import type { PostgresSessionStore } from './session-store.ts'

/** Gives a request a session with a new id. `genid` that returns no id throws TypeError. */
export function sessionGenerator(
  attributes: CookieAttributes,
  genid: (req: Request) => string = randomId,
): PostgresSessionStore['generate'] {
  return function generate(req) {
    const sid: unknown = genid(req as Request)
    if (typeof sid !== 'string' || !isSid(sid))
      throw new TypeError('genid must return an id of 1 to 255 visible ASCII characters')
    req.sessionID = sid
    req.session = newSession(req)
    req.session.cookie = newCookie(attributes.of(req as Request))
  }
}

/** 192 bits, as express-session. OWASP asks for 64. */
function randomId(): string {
  return randomBytes(24).toString('base64url')
}

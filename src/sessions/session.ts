import type { Request } from 'express'
import type { SessionData } from 'express-session'
import { generate, type SessionStore } from './store.ts'

/** Commits what this request changed; answer only after it, or the next request may reach a replica that does not know yet. */
export function saveSession({ session }: Request): Promise<void> {
  return new Promise((resolve, reject) => session.save((error) => (error ? reject(error) : resolve())))
}

/**
 * Gives the session a new id in one statement, with `change` applied: the old id is dead on every replica, what the visitor had is kept. Due whenever
 * somebody signs in, or changes a password (OWASP Session Management: renew the id after any privilege change). Committed when it resolves.
 */
export async function renewSession(req: Request, change: (session: SessionData) => void): Promise<void> {
  const store = req.sessionStore as unknown as SessionStore
  const { session: former, sessionID } = req
  const kept = Object.fromEntries(Object.entries(former).filter(([name]) => name !== 'cookie'))
  generate(store, req)
  Object.assign(req.session, kept)
  change(req.session)
  try {
    await store.rename(sessionID, req.session)
  } catch (error) {
    // Nobody knows whether it happened: this request goes on with what it came with, and sets no cookie.
    req.session = former
    req.sessionID = sessionID
    throw error
  }
}

/** Ends the session on every replica. The answer tells the browser to forget the cookie, see `middleware.ts`. */
export function endSession({ session }: Request): Promise<void> {
  return new Promise((resolve, reject) => session.destroy((error) => (error ? reject(error) : resolve())))
}

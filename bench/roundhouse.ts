import type { RequestHandler } from 'express'
import type { Pool } from 'pg'
import type { PostgresSessionStore } from '../src/sessions/request/session-store.ts'
import { createSessions } from '../src/sessions/sessions.ts'
import { cookieName, maxAge, secret } from './session-data.ts'

/** The whole product path: commit before respond, renewal, deadlines. */
export function openRoundhouse(pool: Pool): {
  readonly middleware: RequestHandler
  readonly store: PostgresSessionStore
} {
  const { middleware, store } = createSessions({ pool, secret, maxAge, cookie: { name: cookieName, secure: false } })
  return { middleware: middleware(), store }
}

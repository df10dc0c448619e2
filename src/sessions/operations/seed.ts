import type { SessionData } from 'express-session'
import type { Pool } from 'pg'
import { PostgresSessionStore } from '../request/session-store.ts'

const MONTH_MS = 30 * 86_400_000

/** Adds sessions for a demo, each once. No browser has a cookie for them. */
export async function seedSessions(pool: Pool, sessions: readonly Partial<SessionData>[]): Promise<void> {
  const store = new PostgresSessionStore({ pool })
  for (const [index, content] of sessions.entries()) await seedSession(store, `demo-${index + 1}`, content)
}

async function seedSession(store: PostgresSessionStore, sid: string, content: Partial<SessionData>): Promise<void> {
  const there = await new Promise((resolve, reject) =>
    store.get(sid, (error, found) => (error ? reject(error) : resolve(found))),
  )
  if (there) return
  const cookie = {
    originalMaxAge: MONTH_MS,
    expires: new Date(Date.now() + MONTH_MS),
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  } as const
  await new Promise<void>((resolve, reject) =>
    store.set(sid, { ...content, cookie }, (error) => (error ? reject(error) : resolve())),
  )
}

import type { SessionData } from 'express-session'
import type { Pool } from 'pg'
import { PostgresSessionStore } from '../request/session-store.ts'

const MONTH = 30 * 86_400_000

/** Puts sessions there for a demo, each once; nobody holds a signed cookie for them. */
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
    originalMaxAge: MONTH,
    expires: new Date(Date.now() + MONTH),
    httpOnly: true,
    path: '/',
    sameSite: 'lax',
  } as const
  await new Promise<void>((resolve, reject) =>
    store.set(sid, { ...content, cookie }, (error) => (error ? reject(error) : resolve())),
  )
}

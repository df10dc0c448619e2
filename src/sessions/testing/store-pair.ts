import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import expressSession, { type SessionData } from 'express-session'
import { PostgresSessionStore, type StoreOptions } from '../request/session-store.ts'
import { MemoryTable } from '../storage/memory-table.ts'
import type { Session } from '../tracking/tracked-sessions.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

declare module 'express-session' {
  interface SessionData {
    count?: number
    fields?: Record<string, number>
    list?: unknown
    note?: string
  }
}

export const DAY = 86_400_000

/** The stores of two replicas over one table. */
export type StorePair = readonly [PostgresSessionStore, PostgresSessionStore]

type Kind = readonly [where: string, replicas: () => StorePair]

/** The same promises hold for both tables. Call it at the top of a file. */
export function bothTables(): readonly [Kind, Kind] {
  let database: TestDatabase | undefined
  before(async () => {
    database = await createTestDatabase()
  })
  after(() => database?.drop())
  const store = (options: StoreOptions) => new PostgresSessionStore({ maxBytes: 2000, ...options })
  const pool = () => database?.pool ?? assert.fail('the database is there once the tests begin')
  return [
    ['in Postgres', () => [store({ pool: pool() }), store({ pool: pool() })]],
    [
      'in memory',
      () => {
        const table = new MemoryTable()
        return [store({ table }), store({ table })]
      },
    ],
  ]
}

export async function storeSession(store: PostgresSessionStore, content: Partial<SessionData>): Promise<string> {
  const sid = `sid-${Math.random()}`
  await commit(store, sid, {
    ...content,
    cookie: new (expressSession.Cookie as unknown as new (options: object) => expressSession.Cookie)({
      maxAge: 30 * DAY,
    }),
  } as never)
  return sid
}

export async function load(store: PostgresSessionStore, sid: string): Promise<Session> {
  const data = await store.tracked.read(sid)
  assert.ok(data)
  return store.createSession({ sessionID: sid, sessionStore: store } as never, data)
}

export function commit(store: PostgresSessionStore, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) =>
    store.set(sid, session, (error: unknown) => (error ? reject(error) : resolve())),
  )
}

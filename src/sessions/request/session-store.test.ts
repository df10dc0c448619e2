import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import connectPgSimple from 'connect-pg-simple'
import expressSession, { type SessionData } from 'express-session'
import { SessionEnded } from '../errors.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { PostgresSessionStore } from './session-store.ts'

let database: TestDatabase
let here: PostgresSessionStore
let there: PostgresSessionStore

before(async () => {
  database = await createTestDatabase()
  here = replica()
  there = replica()
})
after(() => database.drop())

test('a session that one replica stores is read by another', async () => {
  await set(here, 'vic', { basket: { eggs: 2 } })
  assert.deepEqual((await get(there, 'vic'))?.basket, { eggs: 2 })
})

test('a slow request does not bring a destroyed session back', async () => {
  await set(here, 'ada', { account: 'a' })
  const slow = await load(here, 'ada')
  await destroy(there, 'ada')
  slow.basket = { eggs: 1 }
  await assert.rejects(set(here, 'ada', slow), SessionEnded)
  await touch(here, 'ada', slow)
  assert.equal(await get(there, 'ada'), null)
})

test('no write revives an expired session', async () => {
  await set(here, 'old', {})
  const slow = await load(here, 'old')
  await database.pool.query(`UPDATE session SET expire = expire - interval '31 days' WHERE sid = 'old'`)
  slow.basket = { eggs: 1 }
  await assert.rejects(set(here, 'old', slow), SessionEnded)
  await touch(here, 'old', slow)
  assert.equal(await get(there, 'old'), null)
})

test('a request without changes sends no statement', async () => {
  await set(here, 'calm', { basket: { eggs: 2 } })
  const operations: string[] = []
  const watched = replica((operation) => operations.push(operation))
  const session = await load(watched, 'calm')
  await set(watched, 'calm', session)
  await new Promise<void>((resolve) => watched.touch('calm', session, () => resolve()))
  assert.deepEqual(operations, ['read'])
})

test('a touch moves the expiry once it lags by an hour, not at every request', async () => {
  await set(here, 'daily', {})
  assert.equal(isDue(await load(here, 'daily')), false)
  await database.pool.query(`UPDATE session SET expire = expire - interval '61 minutes' WHERE sid = 'daily'`)
  const late = await load(here, 'daily')
  assert.equal(isDue(late), true)
  await touch(here, 'daily', late)
  assert.equal(isDue(late), false)
  assert.equal(isDue(await load(there, 'daily')), false)
})

test('rotating an id replaces the old one in one step', async () => {
  await set(here, 'visitor', { basket: { eggs: 2 } })
  const former = await load(here, 'visitor')
  const next = here.createSession({ sessionID: 'person' } as never, { cookie: cookie() })
  await here.tracked.rotateId(former, next, { keep: true })
  next.account = 'a'
  await set(here, 'person', next)
  assert.equal(await get(there, 'visitor'), null)
  const { account, basket } = (await get(there, 'person')) ?? {}
  assert.deepEqual({ account, basket }, { account: 'a', basket: { eggs: 2 } })
})

test('revoking ends all sessions of an account except the named one', async () => {
  for (const sid of ['bea-1', 'bea-2', 'bea-3']) await set(here, sid, { account: 'b' })
  await set(here, 'other', { account: 'c' })
  assert.equal(await there.table.destroyByAccount('b', 'bea-2'), 2)
  assert.deepEqual([await alive('bea-1'), await alive('bea-2'), await alive('other')], [false, true, true])
})

test("connect-pg-simple and this store read each other's sessions", async () => {
  const stock = new (connectPgSimple(expressSession))({ pool: database.pool, pruneSessionInterval: false })
  await set(here, 'ours', { basket: { eggs: 2 } })
  assert.deepEqual((await get(stock, 'ours'))?.basket, { eggs: 2 })
  await set(stock, 'theirs', { basket: { milk: 1 } })
  const session = await load(here, 'theirs')
  assert.deepEqual(session.basket, { milk: 1 })
  session.basket = { milk: 2 }
  await set(here, 'theirs', session)
  assert.deepEqual((await get(stock, 'theirs'))?.basket, { milk: 2 })
})

test('cleanup removes expired sessions in batches, and only those', async () => {
  await database.pool.query('DELETE FROM session')
  for (const sid of ['e1', 'e2', 'e3', 'live']) await set(here, sid, {})
  await database.pool.query(`UPDATE session SET expire = expire - interval '40 days' WHERE sid LIKE 'e_'`)
  assert.deepEqual(
    [await here.table.deleteExpired(2), await here.table.deleteExpired(2), await here.table.deleteExpired(2)],
    [2, 1, 0],
  )
  assert.equal(await alive('live'), true)
})

declare module 'express-session' {
  interface SessionData {
    basket?: Record<string, number>
  }
}

type Store = Pick<PostgresSessionStore, 'get' | 'set' | 'destroy'>
type Loaded = expressSession.Session & SessionData

function replica(heard: (operation: string) => void = () => {}): PostgresSessionStore {
  return new PostgresSessionStore({ pool: database.pool, onQuery: (operation) => heard(operation) })
}

function set(store: Store, sid: string, content: Partial<SessionData>): Promise<void> {
  const session = 'cookie' in content ? content : { ...content, cookie: cookie() }
  return new Promise((resolve, reject) => {
    store.set(sid, session as SessionData, (error: unknown) => (error ? reject(error) : resolve()))
  })
}

function get(store: Store, sid: string): Promise<SessionData | null | undefined> {
  return new Promise((resolve, reject) => {
    store.get(sid, (error, session) => (error ? reject(error) : resolve(session ?? null)))
  })
}

function touch(store: PostgresSessionStore, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) => {
    store.touch(sid, session, (error: unknown) => (error ? reject(error) : resolve()))
  })
}

function isDue(session: SessionData): boolean {
  return here.tracked.pendingWrite(session)?.touch === true
}

function destroy(store: Store, sid: string): Promise<void> {
  return new Promise((resolve, reject) => store.destroy(sid, (error: unknown) => (error ? reject(error) : resolve())))
}

async function load(store: PostgresSessionStore, sid: string, id = sid): Promise<Loaded> {
  const found = await get(store, sid)
  assert.ok(found)
  return store.createSession({ sessionID: id, sessionStore: store } as never, found) as Loaded
}

async function alive(sid: string): Promise<boolean> {
  return (await get(there, sid)) !== null
}

function cookie(): expressSession.Cookie {
  const originalMaxAge = 30 * 86_400_000
  return {
    originalMaxAge,
    expires: new Date(Date.now() + originalMaxAge),
    path: '/',
    httpOnly: true,
  } as expressSession.Cookie
}

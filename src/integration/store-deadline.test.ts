import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import type { SessionData } from 'express-session'
import { startTcpProxy, type TcpProxy } from '../../test-support/tcp-proxy.ts'
import { createClient, createPool } from '../database/pool.ts'
import { StoreUnavailable } from '../sessions/errors.ts'
import { PostgresSessionStore } from '../sessions/request/session-store.ts'
import { createSessions } from '../sessions/sessions.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'

declare module 'express-session' {
  interface SessionData {
    note?: string
  }
}

/** The deadline, and what a busy machine takes beside it. */
const MAX_MS = 3500
const DAY = 86_400_000

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

const FAULTS: Readonly<Record<string, (proxy: TcpProxy) => unknown>> = {
  dies: (proxy) => proxy.close(),
  'falls silent': (proxy) => proxy.blackhole(),
}

for (const [what, begin] of Object.entries(FAULTS))
  test(`a commit behind another one ends in time while the database ${what}`, async (t) => {
    await withStore(async ({ store, proxy }) => {
      const { sid, session } = await stored(store)
      const other = rival(sid, 2000)
      await until(sleeping)
      const asked = timed(t, set(store, sid, session))
      await proxy.received('session read')
      await begin(proxy)
      const { took, error } = await asked
      await other
      assert.ok(error instanceof StoreUnavailable)
      assert.ok(took < MAX_MS, `${Math.round(took)} ms`)
    })
  })

test('a commit with one conflict after another ends in time', async (t) => {
  await withStore(async ({ store }) => {
    const { sid, session } = await stored(store)
    const other = rival(sid, 2000, 3)
    await until(sleeping)
    const { took } = await timed(t, set(store, sid, session))
    await other
    assert.ok(took < MAX_MS, `${Math.round(took)} ms`)
  })
})

test('reading and committing a session share one deadline, however slow each is', async (t) => {
  const proxy = await startTcpProxy(database.url)
  const pool = createPool({ url: proxy.url, name: 'asks' })
  const sessions = createSessions({ pool, secret: 'a secret of this test, long enough' })
  const app = express().use(sessions.middleware())
  app.get('/', (req, res) => {
    req.session.note = String(Math.random())
    res.send('well')
  })
  const server = app.listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const first = await fetch(url)
    const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    assert.equal((await fetch(url, { headers: { cookie } })).status, 200)
    proxy.delayAnswers(2000)
    const asked = performance.now()
    const answer = await fetch(url, { headers: { cookie } })
    const took = performance.now() - asked
    t.diagnostic(`${answer.status} after ${Math.round(took)} ms`)
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [503, []])
    assert.ok(took < MAX_MS, `${Math.round(took)} ms`)
  } finally {
    server.close()
    server.closeAllConnections()
    await proxy.close()
    await pool.end()
  }
})

interface Testing {
  readonly store: PostgresSessionStore
  readonly proxy: TcpProxy
}

async function withStore(story: (testing: Testing) => Promise<void>): Promise<void> {
  const proxy = await startTcpProxy(database.url)
  const pool = createPool({ url: proxy.url, name: 'asks' })
  try {
    await story({ store: new PostgresSessionStore({ pool }), proxy })
  } finally {
    await proxy.close()
    await pool.end()
  }
}

/** A changed session that is not committed yet. */
async function stored(store: PostgresSessionStore) {
  const sid = `sid-${Math.random()}`
  await set(store, sid, { cookie: { originalMaxAge: 30 * DAY } } as never)
  const data = await store.tracked.read(sid)
  assert.ok(data)
  const session = store.createSession({ sessionID: sid, sessionStore: store } as never, data)
  session.note = 'mine'
  return { sid, session }
}

function set(store: PostgresSessionStore, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) =>
    store.set(sid, session, (error: unknown) => (error ? reject(error) : resolve())),
  )
}

/** Changes the row again and again, and holds each transaction open for a while. */
async function rival(sid: string, milliseconds: number, times = 1): Promise<void> {
  const client = createClient(database.url, 'rival')
  await client.connect()
  const change = `
    BEGIN; SET LOCAL statement_timeout = 0; UPDATE session SET sess = sess WHERE sid = '${sid}';
    SELECT pg_sleep(${milliseconds / 1000}); COMMIT;`
  try {
    await client.query(change.repeat(times))
  } finally {
    await client.end()
  }
}

async function timed(test: TestContext, work: Promise<unknown>) {
  const start = performance.now()
  const error: unknown = await work.then(
    () => undefined,
    (fault) => fault,
  )
  const took = performance.now() - start
  test.diagnostic(`${Math.round(took)} ms, ${error === undefined ? 'committed' : error}`)
  return { took, error }
}

async function sleeping(): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'rival' AND wait_event = 'PgSleep'`,
  )
  return rowCount === 1
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(5)
}

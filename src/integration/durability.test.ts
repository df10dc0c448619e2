import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { SessionData } from 'express-session'
import { createPool, type Pool } from '../database/pool.ts'
import { createAccountSessions } from '../sessions/operations/accounts.ts'
import { PostgresSessionStore } from '../sessions/request/session-store.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import type { Session } from '../sessions/tracking/tracked-sessions.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

declare module 'express-session' {
  interface SessionData {
    note?: string
  }
}

const DAY = 86_400_000

/** Records at commit whether a write waits for the disk: a statement may change that until then. */
const WATCH = `
  CREATE TABLE written (number serial, what text, waits boolean);
  CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO written (what, waits) VALUES (lower(TG_OP), current_setting('synchronous_commit') <> 'off');
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER note_write AFTER INSERT OR UPDATE OR DELETE ON session
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_write()`

/** An acknowledged change must survive a crash of the database. */
const WRITES: Readonly<
  Record<string, (store: PostgresSessionStore, sid: string, database: TestDatabase) => Promise<unknown>>
> = {
  'a new session': (store) => stored(store),
  'a change': async (store, sid) => {
    const session = await load(store, sid)
    session.note = 'changed'
    await set(store, sid, session)
  },
  'a change that moves the expiry as well': async (store, sid, database) => {
    await late(database)
    const session = await load(store, sid)
    session.note = 'changed'
    await set(store, sid, session)
  },
  'changes that come together': async (store, sid) => {
    const sids = [sid, await stored(store), await stored(store)]
    const sessions = await Promise.all(sids.map((each) => load(store, each)))
    const changed = sessions.map((session, index) => {
      session.note = 'changed'
      return set(store, sids[index] ?? '', session)
    })
    await Promise.all(changed)
  },
  'a change under the lock': (store, sid) =>
    store.table.updateLocked(sid, () => ({ text: '{"cookie":{}}', accountId: null })),
  'an update': async (store, sid) => {
    const session = await load(store, sid)
    await store.tracked.update(sid, session, (draft) => {
      draft.note = 'counted'
    })
  },
  'a new id': (store, sid) =>
    store.table.rotateId(sid, `${sid}-new`, () => ({ text: '{"cookie":{}}', accountId: null }), {
      idleMs: DAY,
      absoluteMs: DAY,
    }),
  'an end': (store, sid) => store.table.destroy(sid),
  "the end of an account's sessions": async (store) => createAccountSessions({ store }).endAll('ada'),
}

for (const setting of ['on', 'off'] as const) {
  describe(`in a database whose synchronous_commit is ${setting}`, () => {
    let database: TestDatabase
    let pool: Pool
    let store: PostgresSessionStore
    before(async () => {
      database = await freshDatabase()
      await database.pool.query(WATCH)
      await database.pool.query(
        `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET synchronous_commit = ${setting}`,
      )
      // The setting holds for new connections.
      pool = createPool({ url: database.url, name: 'watched', size: 1 })
      assert.deepEqual((await pool.query('SHOW synchronous_commit')).rows, [{ synchronous_commit: setting }])
      store = new PostgresSessionStore({ pool })
    })
    after(async () => {
      await pool.end()
      await database.drop()
    })

    for (const [what, write] of Object.entries(WRITES))
      test(`${what} waits for the disk`, async () => {
        const sid = await stored(store)
        await database.pool.query('TRUNCATE written')
        await write(store, sid, database)
        const { rows } = await database.pool.query('SELECT waits FROM written')
        assert.ok(rows.length > 0 && rows.every(({ waits }) => waits), JSON.stringify(rows))
      })

    test("a touch does not wait for the disk, and leaves its connection's settings unchanged", async () => {
      const sid = await stored(store)
      await late(database)
      await database.pool.query('TRUNCATE written')
      const [one, other] = [await load(store, sid), await load(store, sid)]
      await touch(store, sid, one)
      assert.deepEqual((await pool.query('SHOW synchronous_commit')).rows, [{ synchronous_commit: setting }])
      other.note = 'next'
      await set(store, sid, other)
      const { rows } = await database.pool.query('SELECT waits FROM written ORDER BY number')
      assert.deepEqual(
        rows.map(({ waits }) => waits),
        [false, true],
      )
    })

    test('basket changes, sign-in and sign-out wait for the disk, a page that touches does not', async () => {
      const app = await startTestServer({ databaseUrl: database.url })
      try {
        await people(app, database)
      } finally {
        await app.close()
      }
    })
  })
}

async function people(app: TestServer, { pool }: TestDatabase): Promise<void> {
  await pool.query(`INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 450, 9)`)
  const ada = app.client()
  const waits = async (act: () => Promise<{ readonly status: number }>) => {
    await pool.query('TRUNCATE written')
    assert.ok((await act()).status < 400)
    const { rows } = await pool.query('SELECT waits FROM written')
    return [...new Set(rows.map(({ waits }) => waits))]
  }
  const who = { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' }
  assert.deepEqual(await waits(() => ada.post('/register', who)), [true])
  assert.deepEqual(await waits(() => ada.post('/basket/items', { product: 'eggs', quantity: 1 })), [true])
  assert.deepEqual(await waits(() => ada.post('/login', who)), [true])
  await late({ pool })
  assert.deepEqual(await waits(() => ada.get('/basket')), [false])
  assert.deepEqual(await waits(() => ada.post('/logout')), [true])
}

async function late({ pool }: Pick<TestDatabase, 'pool'>): Promise<void> {
  await pool.query(`UPDATE session SET expire = expire - interval '61 minutes'`)
}

async function stored(store: PostgresSessionStore): Promise<string> {
  const sid = `sid-${Math.random()}`
  await set(store, sid, { account: 'ada', cookie: { originalMaxAge: 30 * DAY } } as never)
  return sid
}

async function load(store: PostgresSessionStore, sid: string): Promise<Session> {
  const data = await store.tracked.read(sid)
  assert.ok(data)
  return store.createSession({ sessionID: sid, sessionStore: store } as never, data)
}

function set(store: PostgresSessionStore, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) =>
    store.set(sid, session, (error: unknown) => (error ? reject(error) : resolve())),
  )
}

function touch(store: PostgresSessionStore, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) =>
    store.touch(sid, session, (error: unknown) => (error ? reject(error) : resolve())),
  )
}

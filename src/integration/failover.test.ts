import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createPool, type Pool } from '../database/pool.ts'
import { StoreUnavailable } from '../sessions/errors.ts'
import { PostgresTable } from '../sessions/storage/postgres-table.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const LIFE = { idleMs: 86_400_000, absoluteMs: 86_400_000 }
/** Stands for all connections: no process has this pid. */
const EVERYWHERE = 0

let database: TestDatabase
let pool: Pool
let table: PostgresTable
before(async () => {
  database = await freshDatabase()
  await database.pool.query(STANDBYS)
  pool = createPool({ url: database.url, name: 'asks', size: 1 })
  table = new PostgresTable(pool, () => {})
  await table.insert('ada', { text: '{"cookie":{}}', accountId: null }, LIFE)
})
after(async () => {
  await pool.end()
  await database.drop()
})

/**
 * Connections that are listed lead to a server which is no longer the primary: it refuses, in
 * Postgres' words, whatever asks for the zone of the sessions. A sequence counts how often, since a
 * statement that fails leaves nothing else behind.
 */
const STANDBYS = `
  CREATE TABLE standby (pid integer);
  CREATE SEQUENCE refused;
  CREATE OR REPLACE FUNCTION session_zone() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM standby WHERE pid IN (pg_backend_pid(), ${EVERYWHERE})) THEN
      PERFORM nextval('refused');
      RAISE read_only_sql_transaction USING MESSAGE = 'this server is no longer the primary';
    END IF;
    RETURN 'UTC';
  END $$`

test('a read that a former primary refuses is retried once, on another connection', async () => {
  const [own] = (await pool.query('SELECT pg_backend_pid() AS pid')).rows
  const refused = await refusals(own.pid, async () => {
    assert.equal((await table.read('ada'))?.text, '{"cookie":{}}')
  })
  assert.equal(refused, 1)
})

test('a read that is refused twice is not tried a third time', async () => {
  const refused = await refusals(EVERYWHERE, () => assert.rejects(table.read('ada'), isReadOnly))
  assert.equal(refused, 2)
})

test('a refused write is not retried', async () => {
  const refused = await refusals(EVERYWHERE, () => assert.rejects(table.touch('ada', LIFE), isReadOnly))
  assert.equal(refused, 1)
})

test('while the database is read-only nobody is signed out: pages work, and a change is a 503 that leaves the cookie', async () => {
  const app = await startTestServer()
  try {
    const ada = app.client()
    await app.pool.query(
      `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 450, 9)`,
    )
    await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
    const cookie = ada.cookies.get('sid')
    await setReadOnly(app, 'on')
    assert.equal((await ada.get('/account')).status, 200)
    for (const path of ['/basket/items', '/logout']) {
      const { status, headers } = await ada.post(path, { product: 'eggs', quantity: 1 })
      assert.deepEqual([status, headers['set-cookie']], [503, undefined])
      assert.ok(Number(headers['retry-after']) > 0)
    }
    assert.equal(ada.cookies.get('sid'), cookie)
    await setReadOnly(app, 'off')
    assert.equal((await ada.post('/basket/items', { product: 'eggs', quantity: 1 })).status, 303)
    assert.equal((await ada.get('/account')).status, 200)
  } finally {
    await app.close()
  }
})

test('a page whose touch fails is served, and the next request repeats the touch', async () => {
  const app = await startTestServer()
  try {
    const ada = app.client()
    await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
    await app.pool.query(`UPDATE session SET expire = expire - interval '61 minutes'`)
    await setReadOnly(app, 'on')
    const pages = ['/', '/shop', '/account']
    const statuses = await Promise.all(pages.map(async (path) => (await ada.get(path)).status))
    assert.deepEqual(statuses, [200, 200, 200])
    await setReadOnly(app, 'off')
    assert.notEqual((await ada.get('/account')).headers['set-cookie'], undefined)
  } finally {
    await app.close()
  }
})

/** How many statements the server refused during `work`. */
async function refusals(pid: number, work: () => Promise<unknown>): Promise<number> {
  await database.pool.query(`SELECT setval('refused', 1)`)
  await database.pool.query('INSERT INTO standby VALUES ($1)', [pid])
  try {
    await work()
  } finally {
    await database.pool.query('TRUNCATE standby')
  }
  const { rows } = await database.pool.query(`SELECT last_value FROM refused`)
  return Number(rows[0].last_value) - 1
}

function isReadOnly(error: unknown): boolean {
  assert.ok(error instanceof StoreUnavailable)
  return (error.cause as { code?: string }).code === '25006'
}

/** Applies to new connections, and ends the existing ones. */
async function setReadOnly(app: TestServer, setting: 'on' | 'off'): Promise<void> {
  const { rows } = await app.pool.query('SELECT current_database() AS name')
  await app.pool.query(
    `SET TRANSACTION READ WRITE; ALTER DATABASE ${rows[0].name} SET default_transaction_read_only = ${setting}`,
  )
  await app.pool.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  )
}

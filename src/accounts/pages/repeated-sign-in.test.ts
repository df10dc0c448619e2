import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { HttpClient } from '../../../test-support/http-client.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

const password = 'blue kettle sings'
const ada = { email: 'ada@example.com', password }
const bea = { email: 'bea@example.com', password }
const EGGS = { eggs: 2 }

let app: TestServer
before(async () => {
  app = await startTestServer()
  for (const { email } of [ada, bea]) await app.client().post('/register', { email, name: 'Ada or Bea', password })
  await app.pool.query(
    `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 450, 9)`,
  )
})
beforeEach(async () => {
  await app.pool.query('DELETE FROM session_tombstone')
  await app.pool.query('DELETE FROM attempt')
})
after(() => app.close())

test('of two equal concurrent sign-ins each returns a session with the basket', async () => {
  const vic = await shopper()
  const [first, second] = [copyOf(vic), copyOf(vic)]
  await Promise.all([first.post('/login', ada), second.post('/login', ada)])
  for (const browser of [first, second]) assert.deepEqual(await sessionOf(browser), { email: ada.email, basket: EGGS })
})

test('a sign-in that is repeated after a lost response keeps the basket', async () => {
  const vic = await shopper()
  await copyOf(vic).post('/login', ada)
  await age('9 minutes')
  await vic.post('/login', ada)
  assert.deepEqual(await sessionOf(vic), { email: ada.email, basket: EGGS })
})

test('after a registration with a lost response the next sign-in keeps the basket', async () => {
  const vic = await shopper()
  const cleo = { email: 'cleo@example.com', password }
  await copyOf(vic).post('/register', { ...cleo, name: 'Cleo' })
  assert.equal((await vic.post('/register', { ...cleo, name: 'Cleo' })).status, 409)
  await vic.post('/login', cleo)
  assert.deepEqual(await sessionOf(vic), { email: cleo.email, basket: EGGS })
})

test('after a password change with a lost response the next sign-in keeps the basket', async () => {
  const browser = await shopper()
  const dora = { email: 'dora@example.com', password }
  await browser.post('/register', { ...dora, name: 'Dora' })
  const changed = { current: password, password: 'a lantern over the turntable' }
  assert.equal((await copyOf(browser).post('/account/password', changed)).status, 303)
  await browser.post('/login', { ...dora, password: changed.password })
  assert.deepEqual(await sessionOf(browser), { email: dora.email, basket: EGGS })
})

test('a repeated sign-in gets the current basket, not the earlier one', async () => {
  const vic = await shopper()
  const first = copyOf(vic)
  await first.post('/login', ada)
  await first.post('/basket/items', { product: 'eggs', quantity: 5 })
  await vic.post('/login', ada)
  assert.deepEqual((await sessionOf(vic)).basket, { eggs: 5 })
})

test('a stolen old id opens nothing, for a visitor or for another account', async () => {
  const vic = await shopper()
  const thief = copyOf(vic)
  await vic.post('/login', ada)
  assert.deepEqual(await sessionOf(thief), { email: undefined, basket: {} })
  await thief.post('/login', bea)
  assert.deepEqual(await sessionOf(thief), { email: bea.email, basket: {} })
})

test('an old id gives nothing after ten minutes, nor after the session was signed out', async () => {
  for (const end of [() => age('11 minutes'), (first: HttpClient) => first.post('/logout')]) {
    const vic = await shopper()
    const first = copyOf(vic)
    await first.post('/login', ada)
    await end(first)
    await vic.post('/login', ada)
    assert.deepEqual(await sessionOf(vic), { email: ada.email, basket: {} })
  }
})

test('a sign-in changes the id and the session in one commit', async () => {
  const vic = await shopper()
  const id = decodeURIComponent(vic.cookies.get('sid') ?? '')
  await app.pool.query(`
    CREATE TABLE seen (old text, new text, account text);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO seen VALUES (OLD.sid, NEW.sid, NEW.account); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER UPDATE ON session FOR EACH ROW EXECUTE FUNCTION note()`)
  try {
    await vic.post('/login', ada)
    const { rows } = await app.pool.query('SELECT * FROM seen')
    assert.equal(rows.length, 1)
    assert.ok(id.includes(rows[0].old) && rows[0].new !== rows[0].old && rows[0].account !== null)
  } finally {
    await app.pool.query('DROP TRIGGER note ON session; DROP FUNCTION note(); DROP TABLE seen')
  }
})

async function shopper(): Promise<HttpClient> {
  const vic = app.client()
  await vic.post('/basket/items', { product: 'eggs', quantity: 2 })
  return vic
}

/** The same cookies on another connection, as after a second click or a lost response. */
function copyOf(browser: HttpClient): HttpClient {
  const copy = app.client()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}

async function sessionOf(browser: HttpClient): Promise<{ email: string | undefined; basket: object }> {
  const { body } = await browser.get('/api/session', { json: true })
  return { email: body.account?.email, basket: body.basket }
}

async function age(interval: string): Promise<void> {
  await app.pool.query('UPDATE session_tombstone SET ended_at = ended_at - $1::interval', [interval])
}

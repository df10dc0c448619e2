import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSignatures } from '../sessions/request/session-cookie.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const SECRETS = ['the new secret of this test, long enough', 'the old secret of this test, long enough']
const [NEW = '', OLD = ''] = SECRETS
const cookieValue = (sid: string, secret: string) => encodeURIComponent(createSignatures([secret]).sign(sid))

let app: TestServer
before(async () => {
  app = await startTestServer({ secrets: SECRETS, cookie: { name: 'sid', previousName: 'connect.sid', secure: false } })
})
after(() => app.close())

test('a visitor who only reads gets no cookie and no row', async () => {
  const vic = app.client()
  for (const path of ['/', '/shop', '/basket', '/login', '/api/session']) await vic.get(path)
  assert.deepEqual([...vic.cookies], [])
  assert.equal(await rows(), 0)
})

test('the cookie is sent when the expiry moves, and not at every request', async () => {
  const ada = await shopper()
  assert.equal(await cookieSent(ada), false)
  await age('61 minutes')
  assert.equal(await cookieSent(ada), true)
  assert.equal(await cookieSent(ada), false)
})

test('a cookie signed with the old secret is replaced by one signed with the new secret', async () => {
  const ada = await shopper()
  ada.cookies.set('sid', cookieValue(sidOf(ada), OLD))
  assert.equal(await cookieSent(ada), true)
  assert.equal(ada.cookies.get('sid'), cookieValue(sidOf(ada), NEW))
  assert.deepEqual(await basket(ada), { eggs: 1 })
})

test('a cookie with the previous name is read, and replaced by one with the current name', async () => {
  const ada = await shopper()
  ada.cookies.set('connect.sid', ada.cookies.get('sid') ?? '')
  ada.cookies.delete('sid')
  assert.deepEqual(await basket(ada), { eggs: 1 })
  assert.deepEqual([...ada.cookies.keys()], ['sid'])
  assert.deepEqual(await basket(ada), { eggs: 1 })
})

test('a forged cookie beside the genuine one signs nobody out', async () => {
  const ada = await shopper()
  const header = { cookie: `sid=s%3Aforged.x; sid=${ada.cookies.get('sid')}` }
  ada.cookies.clear()
  assert.deepEqual((await ada.get('/api/session', { json: true, headers: header })).body.basket, { eggs: 1 })
})

test('a cookie with a wrong signature costs no statement', async () => {
  const vic = app.client()
  vic.cookies.set('sid', 's%3Aabcdef.forged')
  const before = await reads()
  assert.equal((await vic.get('/api/session', { json: true })).status, 200)
  assert.equal(await reads(), before)
})

test('sign-out clears the cookie and deletes the row', async () => {
  const ada = await shopper()
  await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
  const sid = sidOf(ada)
  await ada.post('/logout')
  assert.equal(ada.cookies.has('sid'), false)
  const { rowCount } = await app.pool.query('SELECT FROM session WHERE sid = $1', [sid])
  assert.equal(rowCount, 0)
})

test('while the store is unavailable a page that needs it is a 503, and the cookie stays', async () => {
  const ada = await shopper()
  await app.pool.query('ALTER TABLE session RENAME TO away')
  try {
    const api = await ada.get('/api/session', { json: true })
    assert.equal(api.status, 503)
    assert.ok(Number(api.headers['retry-after']) > 0)
    assert.equal(api.headers['set-cookie'], undefined)
  } finally {
    await app.pool.query('ALTER TABLE away RENAME TO session')
  }
  assert.deepEqual(await basket(ada), { eggs: 1 })
})

type Visitor = ReturnType<TestServer['client']>

async function shopper(): Promise<Visitor> {
  const visitor = app.client()
  await app.pool.query(
    `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', 'Dairy', 450, 9) ON CONFLICT DO NOTHING`,
  )
  assert.equal((await visitor.post('/basket/items', { product: 'eggs', quantity: '1' })).status, 303)
  return visitor
}

async function basket(visitor: Visitor): Promise<unknown> {
  return (await visitor.get('/api/session', { json: true })).body.basket
}

async function cookieSent(visitor: Visitor): Promise<boolean> {
  return (await visitor.get('/api/session', { json: true })).headers['set-cookie'] !== undefined
}

function sidOf(visitor: Visitor): string {
  return (
    decodeURIComponent(visitor.cookies.get('sid') ?? '')
      .slice(2)
      .split('.')[0] ?? ''
  )
}

async function age(interval: string): Promise<void> {
  await app.pool.query('UPDATE session SET expire = expire - $1::interval', [interval])
}

async function rows(): Promise<number> {
  return (await app.pool.query('SELECT FROM session')).rowCount ?? 0
}

async function reads(): Promise<number> {
  const text = await (await fetch(app.metricsUrl)).text()
  return Number(/session_store_duration_seconds_count\{.*operation="read".*\} (\d+)/.exec(text)?.[1] ?? 0)
}

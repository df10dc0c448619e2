import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { seedProducts } from './seed.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
  await seedProducts(app.pool)
})
after(() => app.close())

test('an empty basket links to the shop, and leaves no session and no cookie', async () => {
  const { status, text, headers } = await app.client().get('/basket')
  assert.equal(status, 200)
  assert.match(text, /Nothing in it yet/)
  assert.equal(headers['set-cookie'], undefined)
  assert.equal((await app.pool.query('SELECT 1 FROM session')).rowCount, 0)
})

test('a basket shows correct sums', async () => {
  const vic = app.client()
  await vic.post('/basket/items', { product: 'sourdough', quantity: 2 })
  await vic.post('/basket/items', { product: 'milk', quantity: 1 })
  const { text } = await vic.get('/basket')
  assert.match(text, /€9\.60[\s\S]*€1\.90[\s\S]*Total[\s\S]*€11\.50/)
})

test('a basket survives a registration', async () => {
  const vic = app.client()
  await vic.post('/basket/items', { product: 'apples', quantity: 3 })
  const registration = { name: 'Vic', email: 'vic@example.com', password: 'a lantern over deep water' }
  assert.equal((await vic.post('/register', registration)).status, 303)
  assert.deepEqual((await vic.get('/basket', { json: true })).body, { basket: { apples: 3 } })
})

test('a session with an invalid basket has an empty one', async () => {
  const vic = app.client()
  await vic.post('/basket/items', { product: 'eggs', quantity: 1 })
  await app.pool.query(`UPDATE session SET sess = jsonb_set(sess::jsonb, '{basket}', '[{"id": 7}]')::json`)
  assert.deepEqual((await vic.get('/basket', { json: true })).body, { basket: {} })
  assert.equal((await vic.post('/basket/items', { product: 'eggs', add: 1 })).status, 303)
  assert.deepEqual((await vic.get('/basket', { json: true })).body, { basket: { eggs: 1 } })
})

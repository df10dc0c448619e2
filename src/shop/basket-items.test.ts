import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HttpClient } from '../../test-support/http-client.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { seedProducts } from './seed.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
  await seedProducts(app.pool)
})
after(() => app.close())

const change = (client: HttpClient, item: object) => client.post('/basket/items', item, { json: true })
const basketOf = async (client: HttpClient) => (await client.get('/basket', { json: true })).body
const sessions = async () => (await app.pool.query('SELECT count(*)::integer AS rows FROM session')).rows[0].rows

test('a visitor sets a quantity, adds more, and removes with 0', async () => {
  const vic = app.client()
  assert.deepEqual((await change(vic, { product: 'eggs', quantity: 2 })).body, { basket: { eggs: 2 } })
  assert.deepEqual((await change(vic, { product: 'eggs', add: 3 })).body, { basket: { eggs: 5 } })
  assert.deepEqual((await change(vic, { product: 'milk', add: '1' })).body, { basket: { eggs: 5, milk: 1 } })
  assert.deepEqual((await change(vic, { product: 'eggs', quantity: 0 })).body, { basket: { milk: 1 } })
  assert.deepEqual((await change(vic, { product: 'milk', quantity: '0' })).body, { basket: {} })
  assert.deepEqual(await basketOf(vic), { basket: {} })
})

test('a form redirects to the basket, which shows the product', async () => {
  const vic = app.client()
  const { status, headers } = await vic.post('/basket/items', { product: 'honey', add: 1 })
  assert.equal(status, 303)
  assert.equal(headers.location, '/basket')
  const { text } = await vic.get('/basket')
  assert.match(text, /Lime honey/)
  assert.match(text, /class="count">1</)
})

const REFUSED: readonly [item: object, field: string][] = [
  [{}, 'product'],
  [{ product: 'eggs' }, 'quantity'],
  [{ quantity: 1 }, 'product'],
  [{ product: 'nothing', quantity: 1 }, 'product'],
  [{ product: '__proto__', quantity: 1 }, 'product'],
  [{ product: 'constructor', add: 1 }, 'product'],
  [{ product: ['eggs'], quantity: 1 }, 'product'],
  [{ product: { id: 'eggs' }, quantity: 1 }, 'product'],
  [{ product: 'eggs\u0000', quantity: 1 }, 'product'],
  [{ product: 'e'.repeat(10_000), quantity: 1 }, 'product'],
  [{ product: 'eggs', quantity: -1 }, 'quantity'],
  [{ product: 'eggs', quantity: '-1' }, 'quantity'],
  [{ product: 'eggs', quantity: 100 }, 'quantity'],
  [{ product: 'eggs', quantity: '1e3' }, 'quantity'],
  [{ product: 'eggs', quantity: 1.5 }, 'quantity'],
  [{ product: 'eggs', quantity: '' }, 'quantity'],
  [{ product: 'eggs', quantity: true }, 'quantity'],
  [{ product: 'eggs', quantity: null }, 'quantity'],
  [{ product: 'eggs', quantity: [2] }, 'quantity'],
  [{ product: 'eggs', quantity: { a: 1 } }, 'quantity'],
  [{ product: 'eggs', add: 0 }, 'add'],
  [{ product: 'eggs', add: -1 }, 'add'],
  [{ product: 'eggs', quantity: 1, add: 1 }, 'quantity'],
]

for (const [item, field] of REFUSED)
  test(`${JSON.stringify(item).slice(0, 60)} is refused for its ${field}, and no session begins`, async () => {
    const before = await sessions()
    const vic = app.client()
    const { status, body, headers } = await change(vic, item)
    assert.equal(status, 400)
    assert.deepEqual(Object.keys(body.errors), [field])
    assert.equal(headers['set-cookie'], undefined)
    assert.equal(await sessions(), before)
  })

test('a refused quantity is shown beside its line, with the input', async () => {
  const vic = app.client()
  await change(vic, { product: 'eggs', quantity: 1 })
  const { status, text } = await vic.post('/basket/items', { product: 'eggs', quantity: '120' })
  assert.equal(status, 400)
  assert.match(text, /value="120" aria-invalid="true" aria-describedby="quantity-eggs-error"/)
  assert.match(text, /id="quantity-eggs-error"[^>]*>Quantity must be a whole number from 0 to 99\./)
  assert.deepEqual(await basketOf(vic), { basket: { eggs: 1 } })
})

test('a basket holds 99 of one product at most, however they are added', async () => {
  const vic = app.client()
  await change(vic, { product: 'eggs', quantity: 99 })
  assert.equal((await change(vic, { product: 'eggs', add: 1 })).status, 400)
  assert.deepEqual(await basketOf(vic), { basket: { eggs: 99 } })
})

test('a basket holds 50 products at most', async () => {
  await app.pool.query(
    "INSERT INTO product (id, name, price, stock) SELECT 'p-' || n, 'Product ' || n, 100, 1 FROM generate_series(1, 51) n",
  )
  const vic = app.client()
  for (let n = 1; n <= 50; n++) assert.equal((await change(vic, { product: `p-${n}`, quantity: 1 })).status, 200)
  const { status, body } = await change(vic, { product: 'p-51', quantity: 1 })
  assert.equal(status, 400)
  assert.match(body.errors.product, /50 different products/)
  assert.equal((await change(vic, { product: 'p-50', quantity: 2 })).status, 200)
})

test('a product that is no longer sold can be removed, and not added again', async () => {
  const vic = app.client()
  await change(vic, { product: 'marmalade', quantity: 1 })
  await app.pool.query("DELETE FROM product WHERE id = 'marmalade'")
  assert.match((await vic.get('/basket')).text, /no longer sold/)
  assert.equal((await change(vic, { product: 'marmalade', quantity: 2 })).status, 400)
  assert.deepEqual((await change(vic, { product: 'marmalade', quantity: 0 })).body, { basket: {} })
})

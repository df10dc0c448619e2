import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { seedProducts } from './seed.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

test('an empty shop says how to fill it', async () => {
  const { status, text } = await app.client().get('/shop')
  assert.equal(status, 200)
  assert.match(text, /The shelves are empty/)
})

test('the shop shows every product with its price, and a form for those in stock', async () => {
  await seedProducts(app.pool)
  const { text } = await app.client().get('/shop')
  assert.match(text, /Sourdough loaf/)
  assert.match(text, /€4\.80/)
  assert.equal(text.match(/name="add"/g)?.length, 11)
  assert.equal(text.match(/Sold out/g)?.length, 1)
})

test('a program gets id, name, price and stock of each product', async () => {
  const { body } = await app.client().get('/shop', { json: true })
  const { products } = body
  assert.equal(products.length, 12)
  assert.deepEqual(products[0], { id: 'croissants', name: 'Croissants', price: 520, stock: 18 })
})

test('markup in a name is escaped', async () => {
  await app.pool.query("INSERT INTO product (id, name, price, stock) VALUES ('x', '<script>alert(1)</script>', 100, 1)")
  const { text } = await app.client().get('/shop')
  assert.doesNotMatch(text, /<script>alert/)
  assert.match(text, /&lt;script&gt;alert/)
})

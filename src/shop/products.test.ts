import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshDatabase } from '../testing/fresh-database.ts'
import { billBasket } from './basket.ts'
import { findProducts, listProducts } from './products.ts'
import { seedProducts } from './seed.ts'

const database = await freshDatabase()
const { pool } = database
after(() => database.drop())

test('an empty shop lists nothing', async () => {
  assert.deepEqual(await listProducts(pool), [])
})

test('the seed adds a dozen products once, and keeps their stock', async () => {
  await seedProducts(pool)
  await pool.query("UPDATE product SET stock = 1 WHERE id = 'eggs'")
  await Promise.all([seedProducts(pool), seedProducts(pool)])
  const products = await listProducts(pool)
  assert.equal(products.length, 12)
  assert.equal(products.find(({ id }) => id === 'eggs')?.stock, 1)
  for (const { id, price } of products) assert.ok(Number.isInteger(price) && price > 0, `${id} has a price in cents`)
})

test('only existing products are found', async () => {
  const found = await findProducts(pool, ['milk', 'nothing', '__proto__', "'; --"])
  assert.deepEqual(
    found.map(({ id }) => id),
    ['milk'],
  )
})

test('a bill adds up in cents, and ends with products that are no longer sold, without a price', async () => {
  const { lines, total } = await billBasket(pool, { gone: 4, milk: 2, sourdough: 1 })
  assert.deepEqual(
    lines.map(({ id, quantity }) => [id, quantity]),
    [
      ['sourdough', 1],
      ['milk', 2],
      ['gone', 4],
    ],
  )
  assert.equal(total, 480 + 2 * 190)
})

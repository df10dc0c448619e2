import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countBasket, quantityOf, readBasket, withQuantity } from './basket.ts'

const BASKETS: readonly [kept: unknown, read: object][] = [
  [undefined, {}],
  [null, {}],
  ['eggs', {}],
  [[1, 2], {}],
  [
    { eggs: 2, milk: 99 },
    { eggs: 2, milk: 99 },
  ],
  [{ eggs: 0, milk: 100, honey: -1, tea: 1.5, bread: '2', jam: null, salt: {} }, {}],
]

for (const [kept, read] of BASKETS)
  test(`a session with the basket ${JSON.stringify(kept)} is read as ${JSON.stringify(read)}`, () => {
    assert.deepEqual(readBasket({ basket: kept as Record<string, number> }), read)
  })

test('no session means an empty basket', () => {
  assert.deepEqual(readBasket(undefined), {})
})

test('a quantity is set, replaced, and removed with 0', () => {
  const one = withQuantity({}, 'eggs', 1)
  assert.deepEqual(one, { eggs: 1 })
  assert.deepEqual(withQuantity(one, 'milk', 2), { eggs: 1, milk: 2 })
  assert.deepEqual(withQuantity(one, 'eggs', 7), { eggs: 7 })
  assert.deepEqual(withQuantity(one, 'eggs', 0), {})
  assert.deepEqual(one, { eggs: 1 })
})

test('names of Object.prototype are no products', () => {
  for (const name of ['constructor', '__proto__', 'toString']) assert.equal(quantityOf({ eggs: 1 }, name), 0)
  const odd = withQuantity({}, '__proto__', 3)
  assert.equal(Object.getPrototypeOf(odd), Object.prototype)
  assert.equal(quantityOf(odd, '__proto__'), 3)
})

test('the count adds up quantities', () => {
  assert.equal(countBasket({ eggs: 2, milk: 3 }), 5)
})

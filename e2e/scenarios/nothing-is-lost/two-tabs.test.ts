import assert from 'node:assert/strict'
import { expectSignedIn, productsOf, putInBasket, register, sessionOf, signIn } from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage

scenario('two tabs put two things into the basket at once, on two replicas: both are in it', async () => {
  const { browser, first, second, third } = await shopper()
  await putInBasket(browser, first, 1)
  const [one, other] = await crossed(
    () => browser.at(stage.here).post('/basket/items', { product: second, quantity: 2 }),
    () => browser.at(stage.there).post('/basket/items', { product: third, quantity: 3 }),
  )
  for (const answer of [one, other]) expect(answer, 303)
  await expectBasket(browser, { [first]: 1, [second]: 2, [third]: 3 })
})

scenario('two tabs put the first things of all into an empty basket: both are in it', async () => {
  const { browser, first, second } = await shopper()
  await register(browser)
  await crossed(
    () => browser.at(stage.here).post('/basket/items', { product: first, quantity: 2 }),
    () => browser.at(stage.there).post('/basket/items', { product: second, quantity: 3 }),
  )
  await expectBasket(browser, { [first]: 2, [second]: 3 })
})

scenario('one tab takes a thing out while the other puts one in', async () => {
  const { browser, first, second, third } = await shopper()
  for (const product of [first, second]) await putInBasket(browser, product, 1)
  await crossed(
    () => browser.at(stage.here).post('/basket/items', { product: first, quantity: 0 }),
    () => browser.at(stage.there).post('/basket/items', { product: third, quantity: 3 }),
  )
  await expectBasket(browser, { [second]: 1, [third]: 3 })
})

scenario('what one tab put into the basket while the other signed in is in it afterwards', async () => {
  const { browser, first, second } = await shopper()
  const ada = await register(person('Ada'))
  await putInBasket(browser, first, 1)
  await crossed(
    () => signIn(browser.at(stage.here), ada),
    () => browser.at(stage.there).post('/basket/items', { product: second, quantity: 2 }),
  )
  await expectSignedIn(browser, ada.email)
  await expectBasket(browser, { [first]: 1, [second]: 2 })
})

scenario('what one tab put into the basket while the other changed the password is in it afterwards', async () => {
  const { browser, first, second } = await shopper()
  const ada = await register(browser)
  await putInBasket(browser, first, 1)
  await crossed(
    () => browser.at(stage.here).post('/account/password', { current: ada.password, password: `${ada.password} anew` }),
    () => browser.at(stage.there).post('/basket/items', { product: second, quantity: 2 }),
  )
  await expectSignedIn(browser, ada.email)
  await expectBasket(browser, { [first]: 1, [second]: 2 })
})

scenario('one more of the same thing, ten times at once on two replicas, is ten more', async () => {
  const { browser, first } = await shopper()
  await putInBasket(browser, first, 1)
  const asked = Array.from({ length: 10 }, (_, turn) =>
    browser.at(turn % 2 === 0 ? stage.here : stage.there).post('/basket/items', { product: first, add: 1 }),
  )
  for (const answer of await Promise.all(asked)) expect(answer, 303)
  await expectBasket(browser, { [first]: 11 })
})

scenario('a dozen things put into the basket at once are all in it', async (test) => {
  const { browser, products } = await shopper()
  await register(browser)
  for (let round = 1; round <= 5; round++) {
    const asked = products.map((product, turn) =>
      browser.at(turn % 2 === 0 ? stage.here : stage.there).post('/basket/items', { product, quantity: round }),
    )
    const answers = await Promise.all(asked)
    for (const answer of answers) expect(answer, 303)
    await expectBasket(browser, Object.fromEntries(products.map((product) => [product, round])))
    test.diagnostic(`round ${round}: ${Math.round(Math.max(...answers.map(({ durationMs }) => durationMs)))} ms`)
  }
})

/** Both read the session, the second is answered, then the first goes on. */
async function crossed(first: () => Promise<Response>, second: () => Promise<Response>): Promise<[Response, Response]> {
  const gate = stage.proxy.pauseAfterRead(stage.first)
  const asked = first()
  await Promise.race([gate.reached, asked.then((answer) => assert.fail(describeResponse(answer, 'it was not held')))])
  const answered = await second().finally(gate.open)
  return [await asked, answered]
}

async function expectBasket(browser: Visitor, basket: Readonly<Record<string, number>>): Promise<void> {
  for (const url of [stage.here, stage.there]) assert.deepEqual((await sessionOf(browser.at(url))).basket, basket)
}

async function shopper() {
  const browser = person('Ada')
  const products = await productsOf(browser)
  const [first = '', second = '', third = ''] = products
  return { browser, products, first, second, third }
}

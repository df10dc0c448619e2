import {
  expectBasket as expectBasketAt,
  expectSignedIn,
  passwordChange,
  productsOf,
  putInBasket,
  register,
  signIn,
} from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const fixture = useClusterBehindProxy()
const { scenario, person, overtake } = fixture

scenario('A basket holds both things that two tabs add at once on two replicas', async () => {
  const { browser, first, second, third } = await shopper()
  await putInBasket(browser, first, 1)
  const responses = await overtake(
    () => post(browser, fixture.here, { product: second, quantity: 2 }),
    () => post(browser, fixture.there, { product: third, quantity: 3 }),
  )
  for (const response of responses) expect(response, 303)
  await expectBasket(browser, { [first]: 1, [second]: 2, [third]: 3 })
})

scenario('An empty basket holds both things that two tabs add at once', async () => {
  const { browser, first, second } = await shopper()
  await register(browser)
  await overtake(
    () => post(browser, fixture.here, { product: first, quantity: 2 }),
    () => post(browser, fixture.there, { product: second, quantity: 3 }),
  )
  await expectBasket(browser, { [first]: 2, [second]: 3 })
})

scenario('One tab removes a product while another tab adds one', async () => {
  const { browser, first, second, third } = await shopper()
  for (const product of [first, second]) await putInBasket(browser, product, 1)
  await overtake(
    () => post(browser, fixture.here, { product: first, quantity: 0 }),
    () => post(browser, fixture.there, { product: third, quantity: 3 }),
  )
  await expectBasket(browser, { [second]: 1, [third]: 3 })
})

scenario('A basket keeps what one tab adds while another tab signs in', async () => {
  const { browser, first, second } = await shopper()
  const ada = await register(person('Ada'))
  await putInBasket(browser, first, 1)
  await overtake(
    () => signIn(browser.at(fixture.here), ada),
    () => post(browser, fixture.there, { product: second, quantity: 2 }),
  )
  await expectSignedIn(browser, ada.email)
  await expectBasket(browser, { [first]: 1, [second]: 2 })
})

scenario('A basket keeps what one tab adds while another tab changes the password', async () => {
  const { browser, first, second } = await shopper()
  const ada = await register(browser)
  await putInBasket(browser, first, 1)
  await overtake(
    () => browser.at(fixture.here).post('/account/password', passwordChange(ada)),
    () => post(browser, fixture.there, { product: second, quantity: 2 }),
  )
  await expectSignedIn(browser, ada.email)
  await expectBasket(browser, { [first]: 1, [second]: 2 })
})

scenario('Ten increments at once on two replicas add ten', async () => {
  const { browser, first } = await shopper()
  await putInBasket(browser, first, 1)
  const requests = Array.from({ length: 10 }, (_, index) => post(browser, urlOf(index), { product: first, add: 1 }))
  for (const response of await Promise.all(requests)) expect(response, 303)
  await expectBasket(browser, { [first]: 11 })
})

scenario('A basket holds all of a dozen things that are added at once', async (test) => {
  const { browser, products } = await shopper()
  await register(browser)
  for (let round = 1; round <= 5; round++) {
    const requests = products.map((product, index) => post(browser, urlOf(index), { product, quantity: round }))
    const responses = await Promise.all(requests)
    for (const response of responses) expect(response, 303)
    await expectBasket(browser, Object.fromEntries(products.map((product) => [product, round])))
    test.diagnostic(`round ${round}: ${Math.round(Math.max(...responses.map(({ durationMs }) => durationMs)))} ms`)
  }
})

function post(browser: Visitor, url: string, item: Readonly<Record<string, unknown>>) {
  return browser.at(url).post('/basket/items', item)
}

/** The two replicas by turns. */
function urlOf(index: number): string {
  return index % 2 === 0 ? fixture.here : fixture.there
}

async function expectBasket(browser: Visitor, basket: Readonly<Record<string, number>>): Promise<void> {
  for (const url of [fixture.here, fixture.there]) await expectBasketAt(browser.at(url), basket)
}

async function shopper() {
  const browser = person('Ada')
  const products = await productsOf(browser)
  const [first = '', second = '', third = ''] = products
  return { browser, products, first, second, third }
}

import assert from 'node:assert/strict'
import {
  expectBasket,
  expectSignedIn,
  expectVisitor,
  freshCredentials,
  productsOf,
  putInBasket,
  register,
  signIn,
  signOut,
} from '../../support/actors/actions.ts'
import { expectUnavailable, expectWithin } from '../../support/actors/response.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { withFullDisk, withSlowDisk } from '../../support/faults/database-faults.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const fixture = useClusterBehindProxy()
const { scenario, person } = fixture
const DELAY_MS = 120
/** The limit of a commit, 3 s, and a margin for a busy machine. */
const MAX_MS = 3500
const ON_HEADERS = { resolveOnHeaders: true }

scenario('A browser that follows the redirect is signed in on the next replica, however slow the commit', async () => {
  const ada = await register(person('Ada'))
  fixture.proxy.slow(fixture.first, DELAY_MS)
  const browser = person('Ada')
  await signIn(browser.at(fixture.here), ada, ON_HEADERS)
  await expectSignedIn(browser.at(fixture.there), ada.email)

  const bea = person('Bea')
  const { email } = await register(bea.at(fixture.here), freshCredentials('Bea'), ON_HEADERS)
  await expectSignedIn(bea.at(fixture.there), email)
})

scenario('The next request sees a change of the basket, however slow the commit', async () => {
  const vic = person('Vic')
  const products = await productsOf(vic)
  fixture.proxy.slow(fixture.first, DELAY_MS)
  const basket: Record<string, number> = {}
  for (const [index, product] of products.slice(0, 3).entries()) {
    basket[product] = index + 1
    await vic.at(fixture.here).post('/basket/items', { product, quantity: index + 1 }, ON_HEADERS)
    await expectBasket(vic.at(fixture.there), basket)
  }
})

scenario('The next request after a sign-out is signed out, however slow the commit', async () => {
  const browser = person('Ada')
  await register(browser)
  const copy = copySession(browser, person('a copy'))
  fixture.proxy.slow(fixture.first, DELAY_MS)
  await signOut(browser.at(fixture.here), ON_HEADERS)
  await expectVisitor(copy.at(fixture.there))
})

scenario('A change that cannot be saved gets a 503 without a cookie and changes nothing', async () => {
  const [ada, bea, vic] = [person('Ada'), person('Bea'), person('Vic')]
  const [product = '', other = ''] = await productsOf(vic)
  const { email, password } = await register(ada)
  await putInBasket(ada, product, 2)
  await putInBasket(bea, product, 3)
  await withFullDisk(fixture.database, async () => {
    for (const json of [false, true]) {
      for (const visitor of [ada, bea, vic])
        expectUnavailable(await visitor.post('/basket/items', { product: other, quantity: 5 }, { json }))
      for (const visitor of [bea, vic]) expectUnavailable(await visitor.post('/login', { email, password }, { json }))
      expectUnavailable(await ada.post('/logout', {}, { json }))
    }
  })
  await expectSignedIn(ada, email)
  await expectBasket(ada, { [product]: 2 })
  await expectVisitor(bea)
  await expectBasket(bea, { [product]: 3 })
  assert.deepEqual(vic.jar.all(), [])
  await signIn(bea, { email, password })
})

scenario('A commit that does not end gets a 503 without a cookie, within its limit', async (test) => {
  const [ada, vic] = [person('Ada'), person('Vic')]
  const [product = ''] = await productsOf(ada)
  await register(ada)
  await withSlowDisk(fixture.database, 5, async () => {
    const requests = [ada, vic].map((visitor) => visitor.post('/basket/items', { product, quantity: 5 }))
    for (const response of await Promise.all(requests)) {
      test.diagnostic(`${response.request}: ${Math.round(response.durationMs)} ms`)
      expectWithin(MAX_MS, expectUnavailable(response))
    }
  })
})

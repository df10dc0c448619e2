import assert from 'node:assert/strict'
import {
  expectSignedIn,
  expectVisitor,
  freshCredentials,
  productsOf,
  putInBasket,
  register,
  sessionOf,
  signIn,
} from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response } from '../../support/actors/response.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { withFullDisk, withSlowDisk } from '../../support/faults/database-faults.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage
const SLOW = 120
/** The limit of a commit, 3 s, and what a busy machine takes. */
const BOUND = 3500

scenario(
  'whoever follows the redirect at once is signed in on the next replica, however long the commit takes',
  async () => {
    const ada = await register(person('Ada'))
    stage.proxy.slow(stage.first, SLOW)
    const browser = person('Ada')
    await signIn(browser.at(stage.here), ada, { resolveOnHeaders: true })
    await expectSignedIn(browser.at(stage.there), ada.email)

    const bea = person('Bea')
    const { name, email, password } = freshCredentials('Bea')
    expect(await bea.at(stage.here).post('/register', { name, email, password }, { resolveOnHeaders: true }), 303)
    await expectSignedIn(bea.at(stage.there), email)
  },
)

scenario('what was put into the basket is there for the next request, however long the commit takes', async () => {
  const vic = person('Vic')
  const products = await productsOf(vic)
  stage.proxy.slow(stage.first, SLOW)
  for (const [index, product] of products.slice(0, 3).entries()) {
    await vic.at(stage.here).post('/basket/items', { product, quantity: index + 1 }, { resolveOnHeaders: true })
    assert.equal((await sessionOf(vic.at(stage.there))).basket[product], index + 1)
  }
})

scenario('who has signed out is out with the next request, however long the commit takes', async () => {
  const browser = person('Ada')
  await register(browser)
  const thief = copySession(browser, person('a thief'))
  stage.proxy.slow(stage.first, SLOW)
  expect(await browser.at(stage.here).post('/logout', {}, { resolveOnHeaders: true }), 303)
  await expectVisitor(thief.at(stage.there))
})

scenario('a change that cannot be saved is a 503 without a cookie, and nothing has changed', async () => {
  const ada = person('Ada')
  const bea = person('Bea')
  const vic = person('Vic')
  const [product = '', other = ''] = await productsOf(vic)
  const { email, password } = await register(ada)
  await putInBasket(ada, product, 2)
  await putInBasket(bea, product, 3)
  await withFullDisk(stage.database, async () => {
    for (const json of [false, true]) {
      for (const somebody of [ada, bea, vic]) {
        refused(await somebody.post('/basket/items', { product: other, quantity: 5 }, { json }))
      }
      refused(await bea.post('/login', { email, password }, { json }))
      refused(await vic.post('/login', { email, password }, { json }))
      refused(await ada.post('/logout', {}, { json }))
    }
  })
  await expectSignedIn(ada, email)
  assert.deepEqual((await sessionOf(ada)).basket, { [product]: 2 })
  await expectVisitor(bea)
  assert.deepEqual((await sessionOf(bea)).basket, { [product]: 3 })
  assert.deepEqual(vic.jar.all(), [])
  await signIn(bea, { email, password })
})

scenario('a commit that does not end is a 503 without a cookie, within its limit', async (test) => {
  const ada = person('Ada')
  const [product = ''] = await productsOf(ada)
  await register(ada)
  const vic = person('Vic')
  await withSlowDisk(stage.database, 5, async () => {
    const asked = [ada, vic].map((somebody) => somebody.post('/basket/items', { product, quantity: 5 }))
    for (const answer of await Promise.all(asked)) {
      refused(answer)
      test.diagnostic(`${answer.request}: ${Math.round(answer.durationMs)} ms`)
      assert.ok(answer.durationMs < BOUND, describeResponse(answer, `an answer within ${BOUND} ms was expected`))
    }
  })
})

function refused(answer: Response): void {
  expect(answer, 503)
  assert.match(String(answer.headers['retry-after']), /^\d+$/, describeResponse(answer, 'Retry-After was expected'))
  assert.deepEqual(answer.cookies, [], describeResponse(answer, 'no cookie was expected'))
}

import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import {
  type Credentials,
  expectSignedIn,
  expectVisitor,
  passwordChange,
  productsOf,
  putInBasket,
  register,
  signIn,
  signOut,
} from '../../support/actors/actions.ts'
import { expect, expectNoCookie, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const fixture = useClusterBehindProxy()
const { scenario, person, overtake } = fixture

/** What ends Ada's session on the second replica while the first handles one of its requests. */
type Ending = (browser: Visitor, ada: Credentials) => Promise<unknown>
const ENDINGS: Readonly<Record<string, Ending>> = {
  'a sign-out': (browser) => signOut(browser.at(fixture.there)),
  'a password change elsewhere': async (_, ada) => {
    const elsewhere = person('Ada at work').at(fixture.there)
    await signIn(elsewhere, ada)
    expect(await elsewhere.post('/account/password', passwordChange(ada)), 303)
  },
  'a deletion of its row by hand': async (_, { email }) => {
    await fixture.database.rows(
      `DELETE FROM session USING account WHERE account.id::text = sess ->> 'account' AND email = $1`,
      [email],
    )
  },
}

for (const [ending, end] of Object.entries(ENDINGS)) {
  scenario(`A change that ${ending} overtakes restores nothing, and gets a 401`, async () => {
    for (const json of [false, true]) {
      const { browser, copy, ada, product } = await signedInShopper()
      const change = () => browser.at(fixture.here).post('/basket/items', { product, quantity: 5 }, { json })
      const [response] = await overtake(change, () => end(browser, ada))
      await expectEnded(copy)
      expectSignedOut(response)
    }
  })

  scenario(`A page and its touch that ${ending} overtakes restore nothing`, async () => {
    const { browser, copy, ada } = await signedInShopper()
    // Old enough for the expiry to be moved.
    await fixture.database.age(daysInMs(2))
    const read = () => browser.at(fixture.here).get('/account')
    const [page] = await overtake(read, () => end(browser, ada))
    expectNoCookie(expect(page, 200, 303))
    await expectEnded(copy)
  })

  scenario(`A sign-in that ${ending} overtakes succeeds under a new id`, async () => {
    const { browser, copy, ada } = await signedInShopper()
    const bea = await register(person('Bea'))
    const change = () => signIn(browser.at(fixture.here), bea)
    await overtake(change, () => end(browser, ada))
    for (const url of [fixture.here, fixture.there]) await expectSignedIn(browser.at(url), bea.email)
    await expectEnded(copy)
  })
}

scenario('A password change that a sign-out overtakes does not sign in', async () => {
  const { browser, copy, ada } = await signedInShopper()
  const change = () => browser.at(fixture.here).post('/account/password', passwordChange(ada))
  const [response] = await overtake(change, () => signOut(browser.at(fixture.there)))
  expectSignedOut(response)
  await expectEnded(copy)
  assert.equal(await fixture.database.sessionsOf(ada), 0)
})

scenario('A change that another sign-in overtakes leaves the new session alone and the old id dead', async () => {
  for (const json of [false, true]) {
    const { browser, copy, ada, product } = await signedInShopper()
    const change = () => browser.at(fixture.here).post('/basket/items', { product, quantity: 5 }, { json })
    const [response] = await overtake(change, () => signIn(browser.at(fixture.there), ada))
    expectSignedOut(response)
    for (const url of [fixture.here, fixture.there]) await expectSignedIn(browser.at(url), ada.email)
    await expectEnded(copy)
    assert.equal(await fixture.database.sessionsOf(ada), 1)
  }
})

for (const [what, end] of [
  ['ended', (browser) => signOut(browser)],
  ['replaced', (browser, ada) => signIn(browser, ada)],
] as const satisfies [string, Ending][]) {
  scenario(`A request with a recently ${what} id is signed out, gets no cookie, and may sign in`, async () => {
    const { browser, copy, ada, product } = await signedInShopper()
    await end(browser, ada)
    const before = await fixture.database.sessions()
    for (const url of [fixture.here, fixture.there]) {
      const late = copy.at(url)
      for (const json of [false, true]) {
        expectSignedOut(await late.post('/basket/items', { product, quantity: 1 }, { json }))
        expectNoCookie(expect(await late.get('/account', { json }), json ? 401 : 303))
        expectNoCookie(expect(await late.get('/shop', { json }), 200))
      }
      await expectVisitor(late)
    }
    assert.equal(await fixture.database.sessions(), before, 'no row was created')
    for (const url of [fixture.here, fixture.there]) {
      const again = copySession(copy, person('Ada again'))
      await signIn(again.at(url), ada)
      for (const home of [fixture.here, fixture.there]) await expectSignedIn(again.at(home), ada.email)
    }
  })
}

function expectSignedOut(response: Response): void {
  expectNoCookie(expect(response, 401))
}

/** Fails unless both replicas refuse the id. */
async function expectEnded(copy: Visitor): Promise<void> {
  for (const url of [fixture.here, fixture.there]) await expectVisitor(copy.at(url))
}

/** A signed-in browser with something in the basket, and another one with a copy of its cookie. */
async function signedInShopper() {
  const browser = person('Ada')
  const ada = await register(browser)
  const [product = '', other = ''] = await productsOf(browser)
  await putInBasket(browser, other, 2)
  return { browser, copy: copySession(browser, person('a copy')), ada, product }
}

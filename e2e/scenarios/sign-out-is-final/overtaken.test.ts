import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import {
  type Credentials,
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  signIn,
  signOut,
} from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage

/** What ends Ada's session on the second replica while a request of hers is in flight on the first. */
type Ending = (browser: Visitor, ada: Credentials) => Promise<unknown>
const endings: Readonly<Record<string, Ending>> = {
  'signing out': (browser) => signOut(browser.at(stage.there)),
  'a password change elsewhere': async (_, ada) => {
    const elsewhere = person('Ada at work')
    await signIn(elsewhere.at(stage.there), ada)
    const changed = { current: ada.password, password: `${ada.password} anew` }
    expect(await elsewhere.at(stage.there).post('/account/password', changed), 303)
  },
  'somebody who deletes the row by hand': async (_, { email }) => {
    await stage.database.rows(
      `DELETE FROM session USING account WHERE account.id::text = sess ->> 'account' AND email = $1`,
      [email],
    )
  },
}

for (const [ending, end] of Object.entries(endings)) {
  scenario(`a change that is overtaken by ${ending} brings nothing back, and is answered as signed out`, async () => {
    for (const json of [false, true]) {
      const { browser, thief, ada, product } = await regular()
      const ask = () => browser.at(stage.here).post('/basket/items', { product, quantity: 5 }, { json })
      const answer = await overtaken(ask, () => end(browser, ada))
      await expectEnded(thief)
      signedOut(answer)
    }
  })

  scenario(`a page and a renewal that are overtaken by ${ending} bring nothing back`, async () => {
    const { browser, thief, ada } = await regular()
    // So long ago that the expiry is due to be moved.
    await stage.database.age(daysInMs(2))
    const page = await overtaken(
      () => browser.at(stage.here).get('/account'),
      () => end(browser, ada),
    )
    expect(page, 200, 303)
    assert.deepEqual(page.cookies, [], describeResponse(page, 'no cookie was expected'))
    await expectEnded(thief)
  })

  scenario(`signing in works where it is overtaken by ${ending}, under a new id`, async () => {
    const { browser, thief, ada } = await regular()
    const other = await register(person('Bea'))
    await overtaken(
      () => signIn(browser.at(stage.here), other),
      () => end(browser, ada),
    )
    for (const url of [stage.here, stage.there]) await expectSignedIn(browser.at(url), other.email)
    await expectEnded(thief)
  })
}

scenario('a password change that is overtaken by signing out signs nobody in', async () => {
  const { browser, thief, ada } = await regular()
  const change = { current: ada.password, password: `${ada.password} anew` }
  const answer = await overtaken(
    () => browser.at(stage.here).post('/account/password', change),
    () => signOut(browser.at(stage.there)),
  )
  signedOut(answer)
  await expectEnded(thief)
  assert.equal(await rowsOf(ada), 0)
})

scenario(
  'a change that is overtaken by signing in again leaves the new session alone, and the old id dead',
  async () => {
    for (const json of [false, true]) {
      const { browser, thief, ada, product } = await regular()
      const ask = () => browser.at(stage.here).post('/basket/items', { product, quantity: 5 }, { json })
      signedOut(await overtaken(ask, () => signIn(browser.at(stage.there), ada)))
      for (const url of [stage.here, stage.there]) await expectSignedIn(browser.at(url), ada.email)
      await expectEnded(thief)
      assert.equal(await rowsOf(ada), 1)
    }
  },
)

for (const [what, end] of [
  ['ended', (browser) => signOut(browser)],
  ['was renamed', (browser, ada) => signIn(browser, ada)],
] as const satisfies [string, Ending][]) {
  scenario(
    `who comes a moment later with an id that ${what} is signed out, gets no cookie, and may sign in`,
    async () => {
      const { browser, thief, ada, product } = await regular()
      await end(browser, ada)
      const before = await stage.database.sessions()
      for (const url of [stage.here, stage.there]) {
        const late = thief.at(url)
        for (const json of [false, true]) {
          signedOut(await late.post('/basket/items', { product, quantity: 1 }, { json }))
          withoutCookie(expect(await late.get('/account', { json }), json ? 401 : 303))
          withoutCookie(expect(await late.get('/shop', { json }), 200))
        }
        await expectVisitor(late)
      }
      assert.equal(await stage.database.sessions(), before, 'no row came of it')
      for (const url of [stage.here, stage.there]) {
        const again = copySession(thief, person('Ada again'))
        await signIn(again.at(url), ada)
        for (const home of [stage.here, stage.there]) await expectSignedIn(again.at(home), ada.email)
      }
    },
  )
}

/** Lets the first replica read the session, does what happens meanwhile, and only then lets it go on. */
async function overtaken(ask: () => Promise<Response>, meanwhile: () => Promise<unknown>): Promise<Response> {
  const gate = stage.proxy.pauseAfterRead(stage.first)
  const asked = ask()
  await Promise.race([gate.reached, asked.then((answer) => assert.fail(describeResponse(answer, 'it was not held')))])
  await meanwhile().finally(gate.open)
  return await asked
}

function signedOut(answer: Response): void {
  expect(answer, 401)
  withoutCookie(answer)
}

function withoutCookie(answer: Response): void {
  assert.deepEqual(answer.cookies, [], describeResponse(answer, 'no cookie was expected'))
}

/** Fails unless the id is dead on every replica. */
async function expectEnded(thief: Visitor): Promise<void> {
  for (const url of [stage.here, stage.there]) await expectVisitor(thief.at(url))
}

/** Somebody who is signed in and has something in the basket, and somebody who has a copy of the cookie. */
async function regular() {
  const browser = person('Ada')
  const ada = await register(browser)
  const [product = '', other = ''] = await productsOf(browser)
  await putInBasket(browser, other, 2)
  return { browser, thief: copySession(browser, person('a thief')), ada, product }
}

async function rowsOf({ email }: Credentials): Promise<number> {
  const rows = await stage.database.rows(
    `SELECT FROM session JOIN account ON account.id::text = sess ->> 'account' WHERE account.email = $1`,
    [email],
  )
  return rows.length
}

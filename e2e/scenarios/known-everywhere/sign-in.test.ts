import assert from 'node:assert/strict'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  type SessionView,
  signIn,
} from '../../support/actors/actions.ts'
import { describeResponse, expect, json, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster()
const { scenario, person } = stage

scenario('the basket of a visitor survives registering and signing in', async () => {
  const vic = person('Vic')
  const [first = '', second = ''] = await productsOf(vic)
  await putInBasket(vic, first, 2)
  await putInBasket(vic, second, 5)
  const ada = await register(vic)
  await expectBasket(vic, { [first]: 2, [second]: 5 })

  const other = person('Vic')
  await putInBasket(other, second, 7)
  await signIn(other, ada)
  await expectBasket(other, { [second]: 7 })
})

scenario(
  'the id changes at registering, at signing in and at signing in again; the old one is dead everywhere',
  async () => {
    const browser = person('Ada')
    const [product = ''] = await productsOf(browser)
    await putInBasket(browser, product, 1)
    const used = [cookieOf(browser)]
    const ada = await register(browser)
    used.push(cookieOf(browser))
    await signIn(browser, ada)
    used.push(cookieOf(browser))
    await signIn(browser, ada)
    assert.equal(new Set([...used, cookieOf(browser)]).size, 4, 'four ids, all different')

    await everywhere(stage.cluster, browser, (there) => expectSignedIn(there, ada.email))
    for (const cookie of used) {
      const thief = person('somebody who planted the cookie before')
      thief.jar.set('sid', cookie)
      await everywhere(stage.cluster, thief, expectVisitor)
      await expectBasket(thief, {})
    }
  },
)

scenario('a sign-in that is sent twice at once keeps the basket, whichever answer the browser takes', async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 3)
  const clicks = ['first click', 'second click'].map((name) => copySession(vic, person(name)))
  await Promise.all(clicks.map((click) => signIn(click, ada)))
  for (const click of clicks) {
    await expectSignedIn(click, ada.email)
    await expectBasket(click, { [product]: 3 })
  }
})

scenario('a sign-in whose answer is lost is repeated, and the basket is there', async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 3)
  await signIn(copySession(vic, person('Vic, whose answer is lost')), ada)
  await signIn(vic, ada)
  await expectBasket(vic, { [product]: 3 })
})

scenario('the cookie is out of reach of scripts and other sites, for the whole site, and lasts 30 days', async () => {
  const ada = person('Ada')
  await register(ada)
  const { httpOnly, sameSite, path, expires = 0 } = ada.jar.find('sid') ?? {}
  assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: 'lax', path: '/' })
  assert.ok(Math.abs(expires - Date.now() - 30 * 24 * 3600 * 1000) < 60_000)
})

scenario('an address is the same in capitals', async () => {
  const ada = await register(person('Ada'))
  const browser = person('Ada')
  await signIn(browser, { ...ada, email: ada.email.toUpperCase() })
  await expectSignedIn(browser, ada.email)
})

async function expectBasket(visitor: Visitor, basket: Readonly<Record<string, number>>): Promise<void> {
  await everywhere(stage.cluster, visitor, async (there): Promise<Response> => {
    const answer = expect(await there.get('/api/session', { json: true }), 200)
    assert.deepEqual(json<SessionView>(answer).basket, basket, describeResponse(answer, 'another basket was expected'))
    return answer
  })
}

function cookieOf({ jar }: Visitor): string {
  return jar.get('sid') ?? ''
}

import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import {
  expectBasket,
  expectSignedIn,
  expectVisitor,
  fillBasket,
  productsOf,
  putInBasket,
  register,
  signIn,
} from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { copySession, sessionCookie } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster()
const { scenario, person } = fixture

scenario("A visitor's basket survives a registration and a sign-in", async () => {
  const vic = person('Vic')
  const [first = '', second = ''] = await productsOf(vic)
  await putInBasket(vic, first, 2)
  await putInBasket(vic, second, 5)
  const ada = await register(vic)
  await expectBasketEverywhere(vic, { [first]: 2, [second]: 5 })

  const other = person('Vic')
  await putInBasket(other, second, 7)
  await signIn(other, ada)
  await expectBasketEverywhere(other, { [second]: 7 })
})

scenario('A registration and every sign-in change the session id, and all replicas refuse the old ids', async () => {
  const browser = person('Ada')
  await fillBasket(browser, 1)
  const used = [sessionCookie(browser)]
  const ada = await register(browser)
  used.push(sessionCookie(browser))
  await signIn(browser, ada)
  used.push(sessionCookie(browser))
  await signIn(browser, ada)
  assert.equal(new Set([...used, sessionCookie(browser)]).size, 4, 'four ids, all different')

  await everywhere(fixture.cluster, browser, (there) => expectSignedIn(there, ada.email))
  for (const cookie of used) {
    const copy = person('a copy of the old cookie')
    copy.jar.set('sid', cookie)
    await everywhere(fixture.cluster, copy, expectVisitor)
    await expectBasketEverywhere(copy, {})
  }
})

scenario('A sign-in that a browser sends twice at once keeps the basket with either response', async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const product = await fillBasket(vic, 3)
  const clicks = ['first click', 'second click'].map((name) => copySession(vic, person(name)))
  await Promise.all(clicks.map((click) => signIn(click, ada)))
  for (const click of clicks) {
    await expectSignedIn(click, ada.email)
    await expectBasketEverywhere(click, { [product]: 3 })
  }
})

scenario('A browser that repeats a sign-in after a lost response has its basket', async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const product = await fillBasket(vic, 3)
  await signIn(copySession(vic, person('Vic, whose response is lost')), ada)
  await signIn(vic, ada)
  await expectBasketEverywhere(vic, { [product]: 3 })
})

scenario('The cookie is HttpOnly and SameSite, covers the whole site and lasts 30 days', async () => {
  const ada = person('Ada')
  await register(ada)
  const { httpOnly, sameSite, path, expires = 0 } = ada.jar.find('sid') ?? {}
  assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: 'lax', path: '/' })
  assert.ok(Math.abs(expires - Date.now() - daysInMs(30)) < 60_000)
})

scenario('A sign-in ignores the case of the e-mail address', async () => {
  const ada = await register(person('Ada'))
  const browser = person('Ada')
  await signIn(browser, { ...ada, email: ada.email.toUpperCase() })
  await expectSignedIn(browser, ada.email)
})

async function expectBasketEverywhere(visitor: Visitor, basket: Readonly<Record<string, number>>): Promise<void> {
  await everywhere(fixture.cluster, visitor, (there) => expectBasket(there, basket))
}

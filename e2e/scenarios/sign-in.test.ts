import assert from 'node:assert/strict'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  sessionOf,
  signIn,
} from '../people/errands.ts'
import type { Visitor } from '../people/visitor.ts'
import { setStage } from './stage.ts'

const stage = setStage()
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

    for (const { url } of stage.cluster.replicas) {
      await expectSignedIn(browser.at(url), ada.email)
      for (const cookie of used) {
        const thief = person('somebody who planted the cookie before')
        thief.jar.put('sid', cookie)
        await expectVisitor(thief.at(url))
        assert.deepEqual((await sessionOf(thief.at(url))).basket, {}, 'nothing is seen of what it held')
      }
    }
  },
)

scenario('the cookie is out of reach of scripts and other sites, for the whole site, and lasts 30 days', async () => {
  const ada = person('Ada')
  await register(ada)
  const { httpOnly, sameSite, path, expires = 0 } = ada.jar.get('sid') ?? {}
  assert.deepEqual({ httpOnly, sameSite, path }, { httpOnly: true, sameSite: 'Lax', path: '/' })
  assert.ok(Math.abs(expires - Date.now() - 30 * 24 * 3600 * 1000) < 60_000)
})

scenario('an address is the same in capitals', async () => {
  const ada = await register(person('Ada'))
  const browser = person('Ada')
  await signIn(browser, { ...ada, email: ada.email.toUpperCase() })
  await expectSignedIn(browser, ada.email)
})

async function expectBasket(visitor: Visitor, basket: Readonly<Record<string, number>>): Promise<void> {
  for (const { url } of stage.cluster.replicas) assert.deepEqual((await sessionOf(visitor.at(url))).basket, basket)
}

function cookieOf({ jar }: Visitor): string {
  return jar.get('sid')?.value ?? ''
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  sessionOf,
} from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { useCluster } from '../../support/fixture.ts'

/** As some applications have them: with a comma, a backslash and a blank at the end. */
const [oldest, older, newest] = [1, 2, 3].map(() => `${randomBytes(24).toString('hex')},\\ `) as [
  string,
  string,
  string,
]
const environment = { SESSION_SECRET: listed(oldest) }
const stage = useCluster({ replicas: 2, keepalive: 0, environment }, 'restart', 'replicas')
const { scenario, person } = stage
/** What signs now. */
let current = oldest

async function rollTo(...secrets: readonly string[]): Promise<void> {
  await stage.cluster.roll({ SESSION_SECRET: listed(...secrets) })
  current = secrets[0] ?? ''
}

scenario('a secret is rotated over a rolling restart, and nobody is signed out', async () => {
  const ada = person('Ada')
  const vic = person('Vic')
  const { email } = await register(ada)
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 2)
  const first = signature(ada)
  await rollTo(older, oldest)
  for (const { url } of stage.cluster.replicas) {
    await expectSignedIn(ada.at(url), email)
    assert.equal((await sessionOf(vic.at(url))).basket[product], 2)
  }
  assert.notEqual(signature(ada), first, 'the cookie was signed anew with the new secret')
})

scenario('with the new secret made known first, not one request is answered as a visitor meanwhile', async (test) => {
  const ada = person('Ada')
  const vic = person('Vic')
  const { email } = await register(ada)
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 2)
  const absent = person('Bea, who does not come while both are known')
  await register(absent)
  const crowd = await stage.crowd({ workers: 4, thinkTimeMs: 15 })
  const former = current
  await rollTo(former, newest)
  await rollTo(newest, former)
  await expectSignedIn(ada, email)
  assert.equal((await sessionOf(vic)).basket[product], 2)
  await crowd.served(8)
  await rollTo(newest)
  await crowd.served(100)
  const ledger = await crowd.stop()
  test.diagnostic(ledger.summary())
  ledger.assertClean(200)
  for (const { url } of stage.cluster.replicas) {
    await expectSignedIn(ada.at(url), email)
    assert.equal((await sessionOf(vic.at(url))).basket[product], 2)
    await expectVisitor(absent.at(url))
  }
})

function listed(...secrets: readonly string[]): string {
  return secrets.map((secret) => secret.replace(/[\\,]/g, '\\$&')).join(',')
}

function signature({ jar }: Visitor): string {
  return jar.get('sid')?.split('.').at(-1) ?? ''
}

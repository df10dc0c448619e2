import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { expectBasket, expectSignedIn, expectVisitor, fillBasket, register } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { parseCookieValue, sessionCookie } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'
import { report } from '../../support/load/history.ts'

/** As some applications have them: with a comma, a backslash and a space at the end. */
const createSecret = () => `${randomBytes(24).toString('hex')},\\ `
const [first, second, third] = [createSecret(), createSecret(), createSecret()] as const
const environment = { SESSION_SECRET: listOf(first) }
const fixture = useCluster({ replicas: 2, keepalive: 0, environment }, 'restart', 'replicas')
const { scenario, person } = fixture
/** The secret that signs now. */
let current = first

async function rollTo(...secrets: readonly [string, ...string[]]): Promise<void> {
  await fixture.cluster.roll({ SESSION_SECRET: listOf(...secrets) })
  current = secrets[0]
}

scenario('A secret is rotated by a rolling restart, and no session ends', async () => {
  const [ada, vic] = [person('Ada'), person('Vic')]
  const { email } = await register(ada)
  const product = await fillBasket(vic, 2)
  const before = signatureOf(ada)
  await rollTo(second, first)
  for (const { url } of fixture.cluster.replicas) {
    await expectSignedIn(ada.at(url), email)
    await expectBasket(vic.at(url), { [product]: 2 })
  }
  assert.notEqual(signatureOf(ada), before, 'the new secret signed the cookie')
})

scenario('A secret that is announced before it signs is rotated without one request as a visitor', async (test) => {
  const [ada, vic] = [person('Ada'), person('Vic')]
  const { email } = await register(ada)
  const product = await fillBasket(vic, 2)
  const absent = person('Bea, who does not come while both are known')
  await register(absent)
  const load = await fixture.startLoad({ workers: 4, thinkTimeMs: 15 })
  const previous = current
  await rollTo(previous, third)
  await rollTo(third, previous)
  await expectSignedIn(ada, email)
  await expectBasket(vic, { [product]: 2 })
  await load.served(8)
  await rollTo(third)
  await load.served(200)
  report(test, await load.stop()).assertClean(200)
  for (const { url } of fixture.cluster.replicas) {
    await expectSignedIn(ada.at(url), email)
    await expectBasket(vic.at(url), { [product]: 2 })
    await expectVisitor(absent.at(url))
  }
})

function listOf(...secrets: readonly string[]): string {
  return secrets.map((secret) => secret.replace(/[\\,]/g, '\\$&')).join(',')
}

function signatureOf(visitor: Visitor): string {
  return parseCookieValue(sessionCookie(visitor)).signature
}

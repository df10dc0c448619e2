import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
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

const stage = useCluster({}, 'database', 'replicas')
const { scenario, person } = stage

scenario('a customer who comes back every 20 days and only reads stays signed in', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  for (let visit = 1; visit <= 3; visit++) {
    await pass(20, ada)
    const page = await expectSignedIn(ada, email)
    test.diagnostic(`day ${visit * 20}: known by ${page.replica}, cookie good for ${cookieDays(ada)} days`)
    assert.equal(cookieDays(ada), 30, 'the browser was told the new expiry')
    assert.deepEqual(await rowDays(email), [30], 'and the row was moved with it')
  }
})

scenario('however often somebody comes, after 90 days they sign in again', async () => {
  const ada = person('Ada')
  const { email } = await register(ada)
  for (const day of [20, 40, 60, 80]) {
    await pass(20, ada)
    await expectSignedIn(ada, email)
    assert.ok(Math.max(...(await rowDays(email))) <= 90 - day)
  }
  const cookie = ada.jar.get('sid') ?? ''
  await pass(11, ada)
  ada.jar.set('sid', cookie)
  for (const { url } of stage.cluster.replicas) await expectVisitor(ada.at(url))
})

scenario('a visitor who comes back every 20 days finds the basket', async () => {
  const vic = person('Vic')
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 4)
  for (let visit = 1; visit <= 3; visit++) {
    await pass(20, vic)
    assert.equal((await sessionOf(vic)).basket[product], 4)
  }
})

scenario('somebody who stays away for 31 days is a visitor, with the cookie or without', async () => {
  const ada = person('Ada')
  await register(ada)
  const cookie = ada.jar.get('sid') ?? ''
  await pass(31, ada)
  assert.equal(ada.jar.get('sid'), undefined, 'the browser has dropped the cookie')
  await expectVisitor(ada)
  ada.jar.set('sid', cookie)
  for (const { url } of stage.cluster.replicas) await expectVisitor(ada.at(url))
})

/** Time passes: for the browser its clock goes on, in the database every session grows older. */
async function pass(count: number, visitor: Visitor): Promise<void> {
  visitor.jar.clock.forward(daysInMs(count))
  await stage.database.age(daysInMs(count))
}

function cookieDays({ jar }: Visitor): number {
  return Math.round(((jar.find('sid')?.expires ?? 0) - jar.clock.now()) / daysInMs(1))
}

/** How many days the living sessions of this account have left. */
async function rowDays(email: string): Promise<readonly number[]> {
  const rows = await stage.database.rows(
    `SELECT extract(epoch FROM (expire AT TIME ZONE session_zone()) - now())::float8 / 86400 AS days
     FROM session JOIN account ON account.id::text = session.account
     WHERE account.email = $1 AND expire > now() AT TIME ZONE session_zone()`,
    [email],
  )
  return rows.map(({ days }) => Math.round(Number(days)))
}

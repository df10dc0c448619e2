import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectBasket, expectSignedIn, expectVisitor, fillBasket, register } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { sessionCookie } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster({}, 'database', 'replicas')
const { scenario, person } = fixture

scenario('A customer who reads pages every 20 days stays signed in', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  for (let visit = 1; visit <= 3; visit++) {
    await passDays(20, ada)
    const page = await expectSignedIn(ada, email)
    test.diagnostic(`day ${visit * 20}: known by ${page.replica}, the cookie lasts ${cookieDays(ada)} days`)
    assert.equal(cookieDays(ada), 30, 'the browser received the new expiry')
    assert.deepEqual(await rowDays(email), [30], 'and the row moved with it')
  }
})

scenario('A customer signs in again after 90 days, however regular the visits', async () => {
  const ada = person('Ada')
  const { email } = await register(ada)
  for (const day of [20, 40, 60, 80]) {
    await passDays(20, ada)
    await expectSignedIn(ada, email)
    assert.ok(Math.max(...(await rowDays(email))) <= 90 - day)
  }
  const cookie = sessionCookie(ada)
  await passDays(11, ada)
  ada.jar.set('sid', cookie)
  for (const { url } of fixture.cluster.replicas) await expectVisitor(ada.at(url))
})

scenario('A visitor who returns every 20 days keeps the basket', async () => {
  const vic = person('Vic')
  const product = await fillBasket(vic, 4)
  for (let visit = 1; visit <= 3; visit++) {
    await passDays(20, vic)
    await expectBasket(vic, { [product]: 4 })
  }
})

scenario('A customer is a visitor after 31 days of absence, with the cookie and without it', async () => {
  const ada = person('Ada')
  await register(ada)
  const cookie = sessionCookie(ada)
  await passDays(31, ada)
  assert.equal(ada.jar.get('sid'), undefined, 'the browser has dropped the cookie')
  await expectVisitor(ada)
  ada.jar.set('sid', cookie)
  for (const { url } of fixture.cluster.replicas) await expectVisitor(ada.at(url))
})

/** Moves the browser's clock forward, and every session in the database back. */
async function passDays(count: number, visitor: Visitor): Promise<void> {
  visitor.jar.clock.forward(daysInMs(count))
  await fixture.database.age(daysInMs(count))
}

function cookieDays({ jar }: Visitor): number {
  return Math.round(((jar.find('sid')?.expires ?? 0) - jar.clock.now()) / daysInMs(1))
}

/** The days that each living session of this account has left. */
async function rowDays(email: string): Promise<readonly number[]> {
  const rows = await fixture.database.rows(
    `SELECT extract(epoch FROM (expire AT TIME ZONE session_zone()) - now())::float8 / 86400 AS days
     FROM session JOIN account ON account.id::text = session.account
     WHERE account.email = $1 AND expire > now() AT TIME ZONE session_zone()`,
    [email],
  )
  return rows.map(({ days }) => Math.round(Number(days)))
}

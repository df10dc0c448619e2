import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectSignedIn, expectVisitor, register, signOut } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { parseCookieValue } from '../../support/attacks/sign-cookie.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')

describe('replicas whose environments name zones 21 hours apart, over one database', () => {
  const shared = useEmptyDatabase()
  const [west, east] = ['Pacific/Honolulu', 'Pacific/Auckland'].map((TZ) =>
    useCluster(
      () => ({ replicas: 1, databaseUrl: shared.url, environment: { TZ, SESSION_SECRET: SECRET } }),
      ...(['second-cluster', 'external-database', 'environment'] as const),
    ),
  ) as [ReturnType<typeof useCluster>, ReturnType<typeof useCluster>]

  west.scenario('a session is as long in each of them, and moves for both', async () => {
    for (const [home, abroad] of [
      [west, east],
      [east, west],
    ] as const) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      assert.equal(await daysLeft(ada), 30)
      await expectSignedIn(ada.at(abroad.cluster.url), email)
      // Later than the difference of the zones: an expiry that is read in another one would be over, or not due.
      await home.database.age(daysInMs(29.5))
      ada.jar.clock.forward(daysInMs(29.5))
      await expectSignedIn(ada.at(abroad.cluster.url), email)
      assert.equal(await daysLeft(ada), 30)
      await expectSignedIn(ada.at(home.cluster.url), email)
      await home.database.age(daysInMs(30.1))
      for (const { cluster } of [home, abroad]) await expectVisitor(ada.at(cluster.url))
    }
  })

  west.scenario('an end on one side is an end on the other', async () => {
    const ada = west.person('Ada')
    await register(ada)
    const thief = west.person('somebody who kept a copy of the cookie')
    thief.jar.set('sid', cookieOf(ada))
    await signOut(ada.at(east.cluster.url))
    for (const { cluster } of [west, east]) await expectVisitor(thief.at(cluster.url))
  })

  async function daysLeft(visitor: Visitor): Promise<number> {
    const [row] = await west.database.rows(
      `SELECT extract(epoch FROM (expire AT TIME ZONE session_zone()) - now())::float8 / 86400 AS days
       FROM session WHERE sid = $1`,
      [parseCookieValue(cookieOf(visitor)).sid],
    )
    return Math.round(Number(row?.days) * 10) / 10
  }
})

function cookieOf({ jar }: Visitor): string {
  return jar.get('sid') ?? ''
}

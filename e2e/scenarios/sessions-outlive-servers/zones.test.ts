import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectSignedIn, expectVisitor, register, signOut } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession, sessionId } from '../../support/attacks/cookies.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')

describe('replicas in time zones 21 hours apart, over one database', () => {
  const shared = useEmptyDatabase()
  const useReplica = (TZ: string) =>
    useCluster(
      () => ({ replicas: 1, databaseUrl: shared.url, environment: { TZ, SESSION_SECRET: SECRET } }),
      ...(['second-cluster', 'external-database', 'environment'] as const),
    )
  const west = useReplica('Pacific/Honolulu')
  const east = useReplica('Pacific/Auckland')

  west.scenario('A session lasts as long in each zone, and each replica moves its expiry for both', async () => {
    for (const [home, other] of [
      [west, east],
      [east, west],
    ] as const) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      assert.equal(await daysLeft(ada), 30)
      await expectSignedIn(ada.at(other.cluster.url), email)
      // In the wrong zone the expiry would be over, or would not be moved.
      await home.database.age(daysInMs(29.5))
      ada.jar.clock.forward(daysInMs(29.5))
      await expectSignedIn(ada.at(other.cluster.url), email)
      assert.equal(await daysLeft(ada), 30)
      await expectSignedIn(ada.at(home.cluster.url), email)
      await home.database.age(daysInMs(30.1))
      for (const { cluster } of [home, other]) await expectVisitor(ada.at(cluster.url))
    }
  })

  west.scenario('A sign-out in one zone ends the session in the other', async () => {
    const ada = west.person('Ada')
    await register(ada)
    const copy = copySession(ada, west.person('a copy'))
    await signOut(ada.at(east.cluster.url))
    for (const { cluster } of [west, east]) await expectVisitor(copy.at(cluster.url))
  })

  async function daysLeft(visitor: Visitor): Promise<number> {
    const milliseconds = await west.database.millisecondsLeft(sessionId(visitor))
    return Math.round((milliseconds / daysInMs(1)) * 10) / 10
  }
})

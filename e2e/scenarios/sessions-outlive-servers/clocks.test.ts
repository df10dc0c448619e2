import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { daysInMs } from '../../../test-support/clock.ts'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  register,
  sessionOf,
  signOut,
} from '../../support/actors/actions.ts'
import { expect, expectNoCookie } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession, sessionId } from '../../support/attacks/cookies.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { type ClusterFixture, useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const MINUTE = 60_000
/** One clock is behind, one ahead: by more than the hour after which an expiry is moved. */
const SKEW_MS = 45 * MINUTE

describe('replicas whose clocks differ by 90 minutes, over one database', () => {
  const shared = useEmptyDatabase()
  const useReplica = (skewMs: number) =>
    useCluster(
      () => ({
        replicas: 1,
        databaseUrl: shared.url,
        environment: {
          SESSION_SECRET: SECRET,
          CLOCK_SKEW: String(skewMs),
          NODE_OPTIONS: '--import=./e2e/support/faults/skewed-clock.ts',
        },
      }),
      'preload-module',
      'external-database',
    )
  const slow = useReplica(-SKEW_MS)
  const fast = useReplica(SKEW_MS)
  const orders: readonly (readonly [home: ClusterFixture, other: ClusterFixture])[] = [
    [slow, fast],
    [fast, slow],
  ]

  slow.scenario('The clocks of the replicas are skewed', async () => {
    for (const [{ person }, skewMs] of [
      [slow, -SKEW_MS],
      [fast, SKEW_MS],
    ] as const) {
      const ada = person('Ada')
      await register(ada)
      const { expiresAt } = await sessionOf(ada)
      expectAbout(Date.parse(expiresAt ?? '') - Date.now(), daysInMs(30) + skewMs)
    }
  })

  slow.scenario('A skewed clock neither shortens nor prolongs a session', async () => {
    for (const [home, other] of orders) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      expectAbout(await millisecondsLeft(ada), daysInMs(30))
      await home.database.age(daysInMs(2))
      await expectSignedIn(ada.at(other.cluster.url), email)
      expectAbout(await millisecondsLeft(ada), daysInMs(30))
      for (const { cluster } of [home, other]) {
        await setMillisecondsLeft(ada, 5 * MINUTE)
        await expectSignedIn(ada.at(cluster.url), email)
      }
      await setMillisecondsLeft(ada, -5 * MINUTE)
      const late = copySession(ada, home.person('Ada, five minutes later'))
      for (const { cluster } of [home, other]) await expectVisitor(late.at(cluster.url))
    }
  })

  slow.scenario('Replicas with skewed clocks move an old expiry once, and not with every page', async () => {
    for (const [home, other] of orders) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      for (const age of [0, daysInMs(2)]) {
        await home.database.age(age)
        await expectSignedIn(ada.at(other.cluster.url), email)
        const before = await rowVersion(ada)
        for (const { cluster } of [home, other, home, other])
          expectNoCookie(await expectSignedIn(ada.at(cluster.url), email))
        assert.deepEqual(await rowVersion(ada), before, 'no page wrote')
      }
    }
  })

  slow.scenario(
    'A session ended on one replica gets a 401 on the other for a minute, then counts as none',
    async () => {
      for (const [home, other] of orders) {
        const ada = home.person('Ada')
        await register(ada)
        const [product = ''] = await productsOf(ada)
        const late = copySession(ada, home.person('Ada in another tab')).at(other.cluster.url)
        await signOut(ada)
        expect(await late.post('/basket/items', { product, quantity: 1 }), 401)
        await home.database.rows(`UPDATE session_tombstone SET ended_at = ended_at - interval '61 seconds'`)
        expect(await late.post('/basket/items', { product, quantity: 1 }), 303)
      }
    },
  )

  slow.scenario('The browser keeps the cookie as long as the session lasts', async () => {
    for (const { person } of [slow, fast]) {
      const ada = person('Ada')
      await register(ada)
      expectAbout((ada.jar.find('sid')?.expires ?? 0) - Date.now(), daysInMs(30))
    }
  })

  function millisecondsLeft(visitor: Visitor): Promise<number> {
    return slow.database.millisecondsLeft(sessionId(visitor))
  }

  async function setMillisecondsLeft(visitor: Visitor, milliseconds: number): Promise<void> {
    await slow.database.rows(
      `UPDATE session SET expire = (now() + $2::float8 * interval '1 millisecond') AT TIME ZONE session_zone() WHERE sid = $1`,
      [sessionId(visitor), milliseconds],
    )
  }

  async function rowVersion(visitor: Visitor): Promise<unknown> {
    return (await slow.database.rowVersions()).find(({ sid }) => sid === sessionId(visitor))
  }
})

/** Milliseconds, to the minute. */
function expectAbout(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < MINUTE, `${actual / MINUTE} minutes and not ${expected / MINUTE}`)
}

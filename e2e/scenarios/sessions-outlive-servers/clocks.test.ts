import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectSignedIn, expectVisitor, productsOf, register, sessionOf } from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { parseCookieValue } from '../../support/attacks/sign-cookie.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const MINUTE = 60_000
/** How far the replicas' clocks are off, one behind and one ahead: together more than the hour after which an expiry is moved. */
const OFF = 45 * MINUTE

describe('replicas whose clocks are off by minutes, over one database', () => {
  const shared = useEmptyDatabase()
  const [slow, fast] = [-OFF, OFF].map((off) =>
    useCluster(
      () => ({
        replicas: 1,
        databaseUrl: shared.url,
        environment: {
          SESSION_SECRET: SECRET,
          CLOCK_OFF: String(off),
          NODE_OPTIONS: '--import=./e2e/support/faults/skewed-clock.ts',
        },
      }),
      'preload-module',
      'external-database',
    ),
  ) as [ReturnType<typeof useCluster>, ReturnType<typeof useCluster>]
  const sides = () =>
    [
      [slow, fast],
      [fast, slow],
    ] as const

  slow.scenario('their clocks are off, as it were', async () => {
    for (const [{ person }, off] of [
      [slow, -OFF],
      [fast, OFF],
    ] as const) {
      const ada = person('Ada')
      await register(ada)
      const { expiresAt } = await sessionOf(ada)
      expectAbout(Date.parse(expiresAt ?? '') - Date.now(), daysInMs(30) + off)
    }
  })

  slow.scenario('a session is no shorter and no longer for it, from its first moment and after it moved', async () => {
    for (const [home, abroad] of sides()) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      expectAbout(await left(ada), daysInMs(30))
      await home.database.age(daysInMs(2))
      await expectSignedIn(ada.at(abroad.cluster.url), email)
      expectAbout(await left(ada), daysInMs(30))
      for (const { cluster } of [home, abroad]) {
        await setLeft(ada, 5 * MINUTE)
        await expectSignedIn(ada.at(cluster.url), email)
      }
      await setLeft(ada, -5 * MINUTE)
      const late = copySession(ada, home.person('Ada, five minutes later'))
      for (const { cluster } of [home, abroad]) await expectVisitor(late.at(cluster.url))
    }
  })

  slow.scenario('it is moved when it lags, once, and not with every page', async () => {
    for (const [home, abroad] of sides()) {
      const ada = home.person('Ada')
      const { email } = await register(ada)
      for (const age of [0, daysInMs(2)]) {
        await home.database.age(age)
        await expectSignedIn(ada.at(abroad.cluster.url), email)
        const before = await version(ada)
        for (const { cluster } of [home, abroad, home, abroad]) {
          const answer = await expectSignedIn(ada.at(cluster.url), email)
          assert.deepEqual(answer.cookies, [])
        }
        assert.equal(await version(ada), before, 'no page wrote')
      }
    }
  })

  slow.scenario('who signed out on one side is signed out on the other for a minute, and a visitor then', async () => {
    for (const [home, abroad] of sides()) {
      const ada = home.person('Ada')
      await register(ada)
      const [product = ''] = await productsOf(ada)
      const late = copySession(ada, home.person('Ada in another tab')).at(abroad.cluster.url)
      expect(await ada.post('/logout', {}), 303)
      expect(await late.post('/basket/items', { product, quantity: 1 }), 401)
      await home.database.rows(`UPDATE session_tombstone SET ended_at = ended_at - interval '61 seconds'`)
      expect(await late.post('/basket/items', { product, quantity: 1 }), 303)
    }
  })

  slow.scenario('the browser keeps the cookie as long as the session lasts', async () => {
    for (const { person } of [slow, fast]) {
      const ada = person('Ada')
      await register(ada)
      expectAbout((ada.jar.find('sid')?.expires ?? 0) - Date.now(), daysInMs(30))
    }
  })

  /** Milliseconds that the session has left. */
  async function left(visitor: Visitor): Promise<number> {
    const [row] = await slow.database.rows(
      `SELECT (extract(epoch FROM (expire AT TIME ZONE session_zone()) - now()) * 1000)::float8 AS left
       FROM session WHERE sid = $1`,
      [sidOf(visitor)],
    )
    return Number(row?.left)
  }

  async function setLeft(visitor: Visitor, milliseconds: number): Promise<void> {
    await slow.database.rows(
      `UPDATE session SET expire = (now() + $2::float8 * interval '1 millisecond') AT TIME ZONE session_zone() WHERE sid = $1`,
      [sidOf(visitor), milliseconds],
    )
  }

  /** Differs after every write. */
  async function version(visitor: Visitor): Promise<unknown> {
    const [row] = await slow.database.rows('SELECT xmin::text, ctid::text FROM session WHERE sid = $1', [
      sidOf(visitor),
    ])
    return JSON.stringify(row)
  }
})

/** Milliseconds, to the minute. */
function expectAbout(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < MINUTE, `${actual / MINUTE} minutes and not ${expected / MINUTE}`)
}

function sidOf({ jar }: Visitor): string {
  return parseCookieValue(jar.get('sid') ?? '').sid
}

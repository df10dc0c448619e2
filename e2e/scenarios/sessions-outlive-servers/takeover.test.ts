import assert from 'node:assert/strict'
import { describe } from 'node:test'
import {
  expectSignedIn,
  expectVisitor,
  fillBasket,
  register,
  sessionOf,
  signOut,
} from '../../support/actors/actions.ts'
import { runCli } from '../../support/actors/cli.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { sessionCookie, sessionId } from '../../support/attacks/cookies.ts'
import { useLegacyDeployment } from '../../support/legacy/legacy-fixture.ts'
import { legacySignIn, legacyView } from '../../support/legacy/legacy-replica.ts'

const COOKIE = 'connect.sid'

for (const zone of ['Europe/Berlin', 'America/St_Johns']) {
  describe(`a connect-pg-simple deployment whose database is in ${zone}`, () => {
    const fixture = useLegacyDeployment(zone)
    const { scenario, person, account } = fixture
    const atLegacy = (browser: Visitor) => browser.at(fixture.legacyUrl)

    scenario(`The migration ends, loses and prolongs no legacy session (${zone})`, async () => {
      assert.deepEqual(await fixture.expiries(), fixture.initialExpiries)
      for (const { url } of fixture.cluster.replicas)
        for (const browser of fixture.browsers) await expectSignedIn(browser.at(url), account.email)
      for (const browser of fixture.browsers) assert.equal((await legacyView(atLegacy(browser))).account, account.id)
      assert.equal((await sessionOf(fixture.browsers[0]!)).basket['7'], 2, 'its basket is read as well')
    })

    scenario(`Both applications agree on the half hour that a session has left (${zone})`, async () => {
      const browser = person('Ada')
      await legacySignIn(atLegacy(browser), account.id, 30)
      await expectSameExpiry(browser)
      for (const { url } of fixture.cluster.replicas) await expectSignedIn(browser.at(url), account.email)
      const late = person('Ada, half an hour too late')
      await legacySignIn(atLegacy(late), account.id, 30)
      const cookie = sessionCookie(late, COOKIE)
      await fixture.moveExpiryBack(60, sessionId(late, COOKIE))
      late.jar.set(COOKIE, cookie)
      for (const { url } of fixture.cluster.replicas) await expectVisitor(late.at(url))
      assert.equal((await legacyView(atLegacy(late))).account, null)
    })

    scenario(`connect-pg-simple reads what Roundhouse writes, with the cookie's expiry (${zone})`, async () => {
      const bea = person('Bea')
      await register(bea)
      const { account: registered } = await sessionOf(bea)
      const product = await fillBasket(bea, 3)
      await expectSameExpiry(bea)
      const seen = await legacyView(atLegacy(bea))
      assert.equal(seen.account, registered?.id)
      assert.equal(seen.basket[product], 3)
      await expectSameExpiry(bea)
      expect(await atLegacy(bea).post('/note', { basket: { [product]: 9 } }, { json: true }), 200)
      for (const { url } of fixture.cluster.replicas)
        assert.equal((await sessionOf(bea.at(url))).basket[product], 9, 'and Roundhouse reads what the other writes')
      await expectSameExpiry(bea)
    })

    scenario(`A sign-out in either application ends the session in both (${zone})`, async () => {
      for (const end of [signOut, (ada: Visitor) => atLegacy(ada).post('/logout', {}, { json: true })]) {
        const ada = person('Ada')
        await legacySignIn(atLegacy(ada), account.id)
        const cookie = sessionCookie(ada, COOKIE)
        await end(ada)
        ada.jar.set(COOKIE, cookie)
        assert.equal((await legacyView(atLegacy(ada))).account, null)
        for (const { url } of fixture.cluster.replicas) await expectVisitor(ada.at(url))
      }
    })

    scenario(`The clean-up removes expired sessions only (${zone})`, async () => {
      const ada = person('Ada')
      await legacySignIn(atLegacy(ada), account.id, 20)
      const late = person('Ada, ten minutes too late')
      await legacySignIn(atLegacy(late), account.id, 20)
      await fixture.moveExpiryBack(30, sessionId(late, COOKIE))
      const { living } = await fixture.count()
      const { code, output } = await runCli(fixture.database.url, ['sessions', 'prune'])
      assert.equal(code, 0, output)
      assert.deepEqual(await fixture.count(), { living, expired: 0 })
      await expectSignedIn(ada, account.email)
    })

    scenario(`After a change of its name, the previous cookie is read and replaced (${zone})`, async () => {
      await fixture.cluster.roll({ SESSION_COOKIE: 'sid', SESSION_COOKIE_PREVIOUS: COOKIE })
      for (const browser of fixture.browsers) {
        await expectSignedIn(browser, account.email)
        assert.deepEqual(browser.jar.keys(), ['sid'], 'the previous cookie is gone, the new one is there')
        for (const { url } of fixture.cluster.replicas) await expectSignedIn(browser.at(url), account.email)
      }
    })

    scenario(`A previous cookie of another path hides no sign-in, and browsers lose it (${zone})`, async () => {
      await fixture.cluster.roll({ SESSION_COOKIE: 'sid', SESSION_COOKIE_CLEAR: 'Path=/api' })
      const ada = person('Ada')
      await legacySignIn(atLegacy(ada), account.id)
      ada.jar.take([`sid=${sessionCookie(ada, COOKIE)}; Path=/api`], new URL(fixture.legacyUrl))
      await atLegacy(ada).post('/logout', {}, { json: true })
      const { email } = await register(ada)
      const paths = () => ada.jar.all().flatMap(({ name, path }) => (name === 'sid' ? [path] : []))
      assert.deepEqual(paths(), ['/api', '/'], 'the browser sends the ended one first')
      for (const { url } of fixture.cluster.replicas) await expectSignedIn(ada.at(url), email)
      await signOut(ada)
      assert.deepEqual(paths(), [])
    })

    /** The row and the cookie end at the same time, to the second. */
    async function expectSameExpiry(browser: Visitor): Promise<void> {
      const cookie = browser.jar.find(COOKIE)?.expires ?? 0
      const row = await fixture.expiryOf(sessionId(browser, COOKIE))
      const message = `the cookie ends ${new Date(cookie).toISOString()}, the row ${new Date(row).toISOString()}`
      assert.ok(Math.abs(cookie - row) < 3000, message)
    }
  })
}

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  sessionOf,
  signOut,
} from '../../support/actors/actions.ts'
import { runCli } from '../../support/actors/cli.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { parseCookieValue } from '../../support/attacks/sign-cookie.ts'
import { useLegacyDeployment } from '../../support/legacy/legacy-fixture.ts'
import { legacySignIn, legacyView } from '../../support/legacy/legacy-replica.ts'

for (const zone of ['Europe/Berlin', 'America/St_Johns']) {
  describe(`an existing deployment whose database is in ${zone}`, () => {
    const before = useLegacyDeployment(zone)
    const { scenario, person, account } = before

    scenario(`no session of before is ended, lost or prolonged by the migration (${zone})`, async () => {
      assert.deepEqual(await before.expiries(), before.atFirst)
      for (const { url } of before.cluster.replicas) {
        for (const browser of before.browsers) await expectSignedIn(browser.at(url), account.email)
      }
      for (const browser of before.browsers)
        assert.equal((await legacyView(browser.at(before.legacyUrl))).account, account.id)
      assert.equal((await sessionOf(before.browsers[0]!)).basket['7'], 2, 'what it held is read as well')
    })

    scenario(`half an hour left is half an hour, whoever looks (${zone})`, async () => {
      const browser = person('Ada')
      await legacySignIn(browser.at(before.legacyUrl), account.id, 30)
      await expectExpiry(browser)
      for (const { url } of before.cluster.replicas) await expectSignedIn(browser.at(url), account.email)
      const late = person('somebody half an hour too late')
      await legacySignIn(late.at(before.legacyUrl), account.id, 30)
      const cookie = cookieOf(late)
      await before.lateBy(60, parseCookieValue(cookie).sid)
      late.jar.set('connect.sid', cookie)
      for (const { url } of before.cluster.replicas) await expectVisitor(late.at(url))
      assert.equal((await legacyView(late.at(before.legacyUrl))).account, null)
    })

    scenario(`what we write, stock reads, with the expiry that the browser was told (${zone})`, async () => {
      const bea = person('Bea')
      await register(bea)
      const { account: who } = await sessionOf(bea)
      const [product = ''] = await productsOf(bea)
      await putInBasket(bea, product, 3)
      await expectExpiry(bea)
      const seen = await legacyView(bea.at(before.legacyUrl))
      assert.equal(seen.account, who?.id)
      assert.equal(seen.basket[product], 3)
      await expectExpiry(bea)
      expect(await bea.at(before.legacyUrl).post('/note', { basket: { [product]: 9 } }, { json: true }), 200)
      for (const { url } of before.cluster.replicas) {
        assert.equal((await sessionOf(bea.at(url))).basket[product], 9, 'and what stock writes, we read')
      }
      await expectExpiry(bea)
    })

    scenario(`signing out on either side signs out on both (${zone})`, async () => {
      for (const end of [signOut, (ada: Visitor) => ada.at(before.legacyUrl).post('/logout', {}, { json: true })]) {
        const ada = person('Ada')
        await legacySignIn(ada.at(before.legacyUrl), account.id)
        const cookie = cookieOf(ada)
        await end(ada)
        ada.jar.set('connect.sid', cookie)
        assert.equal((await legacyView(ada.at(before.legacyUrl))).account, null)
        for (const { url } of before.cluster.replicas) await expectVisitor(ada.at(url))
      }
    })

    scenario(`removing expired sessions removes those alone (${zone})`, async () => {
      const ada = person('Ada')
      await legacySignIn(ada.at(before.legacyUrl), account.id, 20)
      const late = person('somebody ten minutes too late')
      await legacySignIn(late.at(before.legacyUrl), account.id, 20)
      await before.lateBy(30, parseCookieValue(cookieOf(late)).sid)
      const { living } = await before.count()
      const { code, output } = await runCli(before.database.url, ['sessions', 'prune'])
      assert.equal(code, 0, output)
      assert.deepEqual(await before.count(), { living, expired: 0 })
      await expectSignedIn(ada, account.email)
    })

    scenario(
      `with the name changed, the former cookie is read, and replaced at the next answer (${zone})`,
      async () => {
        await before.cluster.roll({ SESSION_COOKIE: 'sid', SESSION_COOKIE_PREVIOUS: 'connect.sid' })
        for (const browser of before.browsers) {
          await expectSignedIn(browser, account.email)
          const names = browser.jar.all().map(({ name }) => name)
          assert.deepEqual(names, ['sid'], 'the former cookie is gone, the new one is there')
          for (const { url } of before.cluster.replicas) await expectSignedIn(browser.at(url), account.email)
        }
      },
    )

    scenario(`a cookie of the former application's path hides nobody, and browsers lose it (${zone})`, async () => {
      await before.cluster.roll({ SESSION_COOKIE: 'sid', SESSION_COOKIE_CLEAR: 'Path=/api' })
      const ada = person('Ada')
      await legacySignIn(ada.at(before.legacyUrl), account.id)
      ada.jar.take([`sid=${cookieOf(ada)}; Path=/api`], new URL(before.legacyUrl))
      await ada.at(before.legacyUrl).post('/logout', {}, { json: true })
      const { email } = await register(ada)
      const paths = () => ada.jar.all().flatMap(({ name, path }) => (name === 'sid' ? [path] : []))
      assert.deepEqual(paths(), ['/api', '/'], 'the browser sends the ended one first')
      for (const { url } of before.cluster.replicas) await expectSignedIn(ada.at(url), email)
      await signOut(ada)
      assert.deepEqual(paths(), [])
    })

    /** The row ends when the browser was told that its cookie ends, to the second. */
    async function expectExpiry(browser: Visitor): Promise<void> {
      const told = browser.jar.find('connect.sid')?.expires ?? 0
      const row = await before.expiryOf(parseCookieValue(cookieOf(browser)).sid)
      assert.ok(
        Math.abs(told - row) < 3000,
        `the cookie ends ${new Date(told).toISOString()}, the row ${new Date(row).toISOString()}`,
      )
    }
  })
}

function cookieOf({ jar }: Visitor): string {
  return jar.get('connect.sid') ?? ''
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { expectSignedIn, expectVisitor, register, type SessionView } from '../../support/actors/actions.ts'
import { expect, json } from '../../support/actors/response.ts'
import { storeCalls } from '../../support/assertions/metrics.ts'
import { parseCookieValue, sessionCookie, signCookie } from '../../support/attacks/cookies.ts'
import { ENTRANCES, useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const OTHER_SECRET = 'another secret that is long enough'
const fixture = useCluster({ environment: { SESSION_SECRET: SECRET } }, 'replicas', 'database', 'metrics')
const { scenario, person } = fixture
const STRANGE_SIDS = [
  ...['\u0000', 'a\u0000b', '\u001b[2J\r\n', 'ä😀', '', ' ', "' OR 1=1 --", '__proto__', '\ud800x'],
  'x'.repeat(3000),
]

for (const entrance of ENTRANCES) {
  describe(entrance, () => {
    const client = (name: string) => person(name, { url: fixture.address(entrance) })

    scenario(
      `A wrong cookie counts as none, does not reach the store and leaves nothing behind, ${entrance}`,
      async () => {
        const ada = client('Ada')
        await register(ada)
        const real = sessionCookie(ada)
        const { sid, signature } = parseCookieValue(real)
        const before = await fixture.database.counts()
        const calls = await storeCalls(fixture.cluster.replicas)
        const forged = {
          'another signature': `s%3A${sid}.${'A'.repeat(signature.length)}`,
          'another secret': signCookie(sid, OTHER_SECRET),
          'no signature': `s%3A${sid}`,
          'an empty signature': `s%3A${sid}.`,
          truncated: real.slice(0, -5),
          'cut at the front': real.slice(5),
          'another sid': real.replace(sid, `${sid.slice(0, -1)}${sid.endsWith('a') ? 'b' : 'a'}`),
          unsigned: sid,
          'a broken escape': `s%3A%E0%A4%A.${signature}`,
          'a lonely percent': '%',
          empty: '',
          'a JSON cookie': encodeURIComponent('j:{"toString":1}'),
          'no sid': signCookie('', OTHER_SECRET),
          __proto__: '__proto__',
        }
        for (const [what, value] of Object.entries(forged)) {
          const vic = client(what)
          vic.jar.set('sid', value)
          await expectVisitor(vic)
          expect(await vic.get('/account', { json: true }), 401)
        }
        assert.equal(await storeCalls(fixture.cluster.replicas), calls, 'no request reached the session store')
        assert.deepEqual(await fixture.database.counts(), before)
      },
    )

    scenario(`A signed sid that no generator makes counts as no session, ${entrance}`, async () => {
      const before = await fixture.database.counts()
      for (const sid of STRANGE_SIDS) {
        const vic = client(`sid ${JSON.stringify(sid).slice(0, 30)}`)
        vic.jar.set('sid', signCookie(sid.toWellFormed(), SECRET))
        await expectVisitor(vic)
      }
      assert.deepEqual(await fixture.database.counts(), before)
    })

    scenario(`A cookie of 8 KB is refused or counts as none, ${entrance}`, async () => {
      for (const value of ['x'.repeat(8192), `s%3A${'x'.repeat(8192)}.y`, signCookie('x'.repeat(8192), SECRET)]) {
        const vic = client('Vic')
        vic.jar.set('sid', value)
        const response = expect(await vic.get('/api/session', { json: true }), 200, 400, 431)
        if (response.status === 200) assert.equal(json<SessionView>(response).signedIn, false)
        else assert.match(response.text, /cookie|header/i, 'it says what is wrong')
      }
    })

    scenario(`The genuine one of several cookies with one name counts, ${entrance}`, async () => {
      const browser = client('Ada')
      const { email } = await register(browser)
      const { name, value: real } = browser.jar.find('sid') ?? assert.fail('a cookie was expected')
      const forged = `s%3A${parseCookieValue(real).sid}.forged`
      for (const values of [
        [forged, real],
        [real, forged],
        ['', real, '%'],
      ]) {
        const cookie = values.map((value) => `${name}=${value}`).join('; ')
        const response = await client('Ada').get('/api/session', { json: true, headers: { cookie } })
        assert.equal(json<SessionView>(expect(response, 200)).account?.email, email, cookie)
      }
      await expectSignedIn(browser, email)
    })
  })
}

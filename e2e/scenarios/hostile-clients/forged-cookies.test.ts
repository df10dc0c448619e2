import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe } from 'node:test'
import { expectSignedIn, expectVisitor, register, type SessionView } from '../../support/actors/actions.ts'
import { expect, json } from '../../support/actors/response.ts'
import { storeCalls } from '../../support/assertions/metrics.ts'
import { parseCookieValue, signCookie } from '../../support/attacks/sign-cookie.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const stage = useCluster({ environment: { SESSION_SECRET: SECRET } }, 'replicas', 'database', 'metrics')
const { scenario, person } = stage

for (const where of ['through nginx', 'at a replica'] as const) {
  describe(where, () => {
    scenario(`a wrong cookie means a visitor, costs no statement and leaves nothing behind, ${where}`, async () => {
      const real = await realCookie(where)
      const { sid, signature } = parseCookieValue(real)
      const before = await stage.database.counts()
      const asked = await storeCalls(stage.cluster.replicas)
      const forged = {
        'another signature': `s%3A${sid}.${'A'.repeat(signature.length)}`,
        'another secret': signCookie(sid, 'another secret that is long enough'),
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
        'no sid': signCookie('', 'another secret that is long enough'),
        __proto__: '__proto__',
      }
      for (const [what, value] of Object.entries(forged)) {
        const vic = person(what, { url: address(where) })
        vic.jar.set('sid', value)
        await expectVisitor(vic)
        expect(await vic.get('/account', { json: true }), 401)
      }
      assert.equal(await storeCalls(stage.cluster.replicas), asked, 'the session store was not asked')
      assert.deepEqual(await stage.database.counts(), before)
    })

    scenario(`a sid that no generator makes is a visitor's, though it is signed, ${where}`, async () => {
      const before = await stage.database.counts()
      for (const sid of [
        '\u0000',
        'a\u0000b',
        '\u001b[2J\r\n',
        'ä😀',
        '',
        ' ',
        "' OR 1=1 --",
        '__proto__',
        '\ud800x',
        'x'.repeat(3000),
      ]) {
        const vic = person(`sid ${JSON.stringify(sid).slice(0, 30)}`, { url: address(where) })
        vic.jar.set('sid', signCookie(sid.toWellFormed(), SECRET))
        await expectVisitor(vic)
      }
      assert.deepEqual(await stage.database.counts(), before)
    })

    scenario(`a cookie of 8 KB is refused or a visitor's, ${where}`, async () => {
      for (const value of ['x'.repeat(8192), `s%3A${'x'.repeat(8192)}.y`, signCookie('x'.repeat(8192), SECRET)]) {
        const vic = person('Vic', { url: address(where) })
        vic.jar.set('sid', value)
        const answer = expect(await vic.get('/api/session', { json: true }), 200, 400, 431)
        if (answer.status === 200) assert.equal(json<SessionView>(answer).signedIn, false)
        else assert.match(answer.text, /cookie|header/i, 'it says what is wrong')
      }
    })

    scenario(`of two cookies of one name the genuine one counts, ${where}`, async () => {
      const browser = person('Ada', { url: address(where) })
      const { email } = await register(browser)
      const { name, value: real } = browser.jar.find('sid') ?? assert.fail('a cookie was expected')
      const forged = `s%3A${parseCookieValue(real).sid}.forged`
      for (const cookie of [
        [forged, real],
        [real, forged],
        ['', real, '%'],
      ].map((values) => values.map((value) => `${name}=${value}`).join('; '))) {
        const answer = await person('Ada', { url: address(where) }).get('/api/session', {
          json: true,
          headers: { cookie },
        })
        assert.equal(json<SessionView>(expect(answer, 200)).account?.email, email, cookie)
      }
      await expectSignedIn(browser, email)
    })
  })
}

function address(where: 'through nginx' | 'at a replica'): string {
  return where === 'through nginx' ? stage.cluster.url : (stage.cluster.replicas[0]?.url ?? '')
}

async function realCookie(where: 'through nginx' | 'at a replica'): Promise<string> {
  const ada = person('Ada', { url: address(where) })
  await register(ada)
  return ada.jar.get('sid') ?? ''
}

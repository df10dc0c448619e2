import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { sendRaw, statusOf } from '../../../test-support/raw-http.ts'
import { freshCredentials, register, sessionOf } from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response, visibleText } from '../../support/actors/response.ts'
import { BAD_BODIES, type BadBody, form } from '../../support/attacks/malformed-bodies.ts'
import { useCluster } from '../../support/fixture.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_BODY = 'application/json'

const stage = useCluster()
const { scenario, person } = stage

for (const where of ['through nginx', 'at a replica'] as const) {
  const needs = where === 'at a replica' ? (['replicas'] as const) : []
  describe(where, () => {
    for (const json of [false, true]) {
      scenario(
        `bad bodies get a 4xx that says what is wrong, as ${json ? 'a problem' : 'a page'}, ${where}`,
        needs,
        async () => {
          const before = await counts()
          const faults: string[] = []
          for (const bad of BAD_BODIES) {
            const vic = person('Vic', { url: address(where) })
            const headers = bad.type === '' ? {} : { 'content-type': bad.type }
            const answer = await vic.send('POST', bad.path, bad.body, { json, headers })
            const fault = wrongness(answer, bad, json)
            if (fault !== undefined) faults.push(describeResponse({ ...answer, request: bad.what }, fault))
          }
          assert.deepEqual(faults, [])
          assert.deepEqual(await counts(), before, 'nothing was left behind')
        },
      )
    }

    scenario(`bad addresses and methods get a 4xx, ${where}`, needs, async () => {
      const vic = person('Vic', { url: address(where) })
      const before = await counts()
      for (const path of [
        '/%00',
        '/%ZZ',
        '/shop/%E0%A4%A',
        '/../../etc/passwd',
        '/..%2f..%2fetc/passwd',
        '/account%00',
        '/.env',
      ]) {
        harmless(expect(await vic.get(path), 400, 404))
      }
      harmless(expect(await vic.get(`/?${'q'.repeat(40_000)}`), 400, 414, 431))
      for (const method of ['PUT', 'DELETE', 'PATCH']) {
        const refused = harmless(expect(await vic.send(method, '/login'), 405))
        assert.match(String(refused.headers.allow), /GET.*POST|POST.*GET/)
      }
      assert.deepEqual(await counts(), before)
    })

    scenario(`what is no HTTP is refused, and the next visitor is served, ${where}`, needs, async () => {
      const close = 'Connection: close\r\n\r\n'
      for (const bytes of [
        `GET / HTTP/1.1\r\nHost: x\r\nX-Bad: a\u0000b\r\n${close}`,
        `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${close}0\r\n\r\n`,
        `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n${close}`,
        `\u0016\u0003\u0001\u0002hello TLS\r\n\r\n`,
        `TRACE / HTTP/1.1\r\nHost: x\r\n${close}`,
      ]) {
        const raw = await sendRaw(address(where), bytes)
        const status = statusOf(raw)
        assert.ok(status === 0 || (status >= 400 && status < 500), `${JSON.stringify(bytes)}: ${raw.slice(0, 200)}`)
        expect(await person('Vic', { url: address(where) }).get('/'), 200)
      }
    })

    scenario(`unknown fields are ignored: nobody becomes staff by a form, ${where}`, needs, async () => {
      for (const [type, body] of [
        [
          FORM,
          (who: object) =>
            `${form(who)}&role=staff&id=1&credentialsVersion=9&__proto__[role]=staff&constructor[prototype][role]=staff`,
        ],
        [
          JSON_BODY,
          (who: object) =>
            `{"__proto__":{"role":"staff"},"role":"staff","constructor":{"prototype":{"role":"staff"}},${JSON.stringify(who).slice(1)}`,
        ],
      ] as const) {
        const vic = person('Vic', { url: address(where) })
        const who = freshCredentials('Vic')
        expect(await vic.send('POST', '/register', body(who), { headers: { 'content-type': type } }), 303)
        assert.equal((await sessionOf(vic)).account?.role, 'customer')
        expect(await vic.get('/staff'), 403)
        expect(await person('Vic', { url: address(where) }).get('/staff'), 303)
      }
    })

    scenario(`a way back that leaves the site is ignored, ${where}`, needs, async () => {
      const vic = person('Vic', { url: address(where) })
      const { email, password } = await register(vic)
      const evil = [
        '//evil.example',
        '/\\evil',
        '\\\\evil',
        '/\t//e',
        '/%09//e',
        '\t//e',
        'https:e',
        'https://e',
        'javascript:alert(1)',
        '/\n/e',
        '//',
        '/..//e',
        'account',
        '',
      ]
      for (const next of evil) {
        const answer = expect(await vic.post('/login', { email, password, next }), 303)
        assert.ok(
          staysHere(String(answer.headers.location)),
          `${JSON.stringify(next)} led to ${answer.headers.location}`,
        )
      }
      const twice = `${form({ email, password })}&next=/basket&next=//evil.example`
      const answer = expect(await vic.send('POST', '/login', twice, { headers: { 'content-type': FORM } }), 303)
      assert.equal(answer.headers.location, '/account')
      expect(await vic.get(`/login?next=${encodeURIComponent('//evil.example')}`), 200, 303)
      const good = expect(await vic.post('/login', { email, password, next: '/basket?a=1' }), 303)
      assert.equal(good.headers.location, '/basket?a=1')
    })
  })
}

function address(where: 'through nginx' | 'at a replica'): string {
  return where === 'through nginx' ? stage.cluster.url : (stage.cluster.replicas[0]?.url ?? '')
}

/** How many rows each table has; nothing where nobody can look. */
async function counts(): Promise<Readonly<Record<string, number>>> {
  return stage.can('database') ? await stage.database.counts() : {}
}

/** What is wrong with an answer to a bad request; undefined: nothing. */
function wrongness(answer: Response, { status, says }: BadBody, json: boolean): string | undefined {
  const trace = leak(answer)
  if (trace !== undefined) return trace
  if (!status.includes(answer.status)) return `${status.join(' or ')} was expected`
  if (answer.cookies.length > 0) return 'no cookie was expected'
  const type = String(answer.headers['content-type'])
  if (!type.startsWith(json ? 'application/problem+json' : 'text/html')) return `it came as ${type}`
  return says.test(visibleText(answer)) ? undefined : `it does not say ${says}`
}

function leak({ status, text }: Response): string | undefined {
  if (status >= 500) return 'a server error'
  return /\bat .+:\d+:\d+|node_modules|\.ts:\d+/.test(text) ? 'it shows the inside' : undefined
}

function harmless(answer: Response): Response {
  assert.equal(leak(answer), undefined, describeResponse(answer, 'nothing of the inside should show'))
  return answer
}

function staysHere(location: string): boolean {
  const site = 'http://here.example'
  return new URL(location, site).origin === site && /^\/(?![/\\])/.test(location)
}

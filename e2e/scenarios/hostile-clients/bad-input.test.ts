import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { sendRaw, statusOf } from '../../../test-support/raw-http.ts'
import { freshCredentials, register, sessionOf } from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response, visibleText } from '../../support/actors/response.ts'
import { BAD_BODIES, type BadBody, form } from '../../support/attacks/malformed-bodies.ts'
import { ENTRANCES, useCluster } from '../../support/fixture.ts'

const fixture = useCluster()
const { scenario, person } = fixture
const FORM = 'application/x-www-form-urlencoded'
const JSON_BODY = 'application/json'
const BAD_PATHS = '/%00 /%ZZ /shop/%E0%A4%A /../../etc/passwd /..%2f..%2fetc/passwd /account%00 /.env'.split(' ')
const CLOSE = 'Connection: close\r\n\r\n'
const NOT_HTTP = [
  `GET / HTTP/1.1\r\nHost: x\r\nX-Bad: a\u0000b\r\n${CLOSE}`,
  `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${CLOSE}0\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n${CLOSE}`,
  `\u0016\u0003\u0001\u0002hello TLS\r\n\r\n`,
  `TRACE / HTTP/1.1\r\nHost: x\r\n${CLOSE}`,
]
/** Registrations that try to set fields of the account. */
const FORGED_FIELDS: readonly (readonly [type: string, body: (credentials: object) => string])[] = [
  [
    FORM,
    (credentials) =>
      `${form(credentials)}&role=staff&id=1&credentialsVersion=9&__proto__[role]=staff&constructor[prototype][role]=staff`,
  ],
  [
    JSON_BODY,
    (credentials) =>
      `{"__proto__":{"role":"staff"},"role":"staff","constructor":{"prototype":{"role":"staff"}},${JSON.stringify(credentials).slice(1)}`,
  ],
]
const FOREIGN_TARGETS = [
  ...['//evil.example', '/\\evil', '\\\\evil', '/\t//e', '/%09//e', '\t//e', 'https:e', 'https://e'],
  ...['javascript:alert(1)', '/\n/e', '//', '/..//e', 'account', ''],
]

for (const entrance of ENTRANCES) {
  const needs = entrance === 'at a replica' ? (['replicas'] as const) : []
  describe(entrance, () => {
    const client = () => person('Vic', { url: fixture.address(entrance) })

    for (const json of [false, true]) {
      scenario(
        `A bad body gets a 4xx with the reason, as ${json ? 'a problem' : 'a page'}, ${entrance}`,
        needs,
        async () => {
          const before = await counts()
          const faults: string[] = []
          for (const bad of BAD_BODIES) {
            const headers = bad.type === '' ? {} : { 'content-type': bad.type }
            const response = await client().send('POST', bad.path, bad.body, { json, headers })
            const fault = faultOf(response, bad, json)
            if (fault !== undefined) faults.push(describeResponse({ ...response, request: bad.what }, fault))
          }
          assert.deepEqual(faults, [])
          assert.deepEqual(await counts(), before, 'nothing was left behind')
        },
      )
    }

    scenario(`A bad path or method gets a 4xx, ${entrance}`, needs, async () => {
      const vic = client()
      const before = await counts()
      for (const path of BAD_PATHS) expectNoInternals(expect(await vic.get(path), 400, 404))
      expectNoInternals(expect(await vic.get(`/?${'q'.repeat(40_000)}`), 400, 414, 431))
      for (const method of ['PUT', 'DELETE', 'PATCH']) {
        const refused = expectNoInternals(expect(await vic.send(method, '/login'), 405))
        assert.match(String(refused.headers.allow), /GET.*POST|POST.*GET/)
      }
      assert.deepEqual(await counts(), before)
    })

    scenario(`Bytes that are not HTTP are refused, and the next visitor is served, ${entrance}`, needs, async () => {
      for (const bytes of NOT_HTTP) {
        const raw = await sendRaw(fixture.address(entrance), bytes)
        const status = statusOf(raw)
        assert.ok(status === 0 || (status >= 400 && status < 500), `${JSON.stringify(bytes)}: ${raw.slice(0, 200)}`)
        expect(await client().get('/'), 200)
      }
    })

    scenario(`Unknown fields are ignored, and no form makes a member of the staff, ${entrance}`, needs, async () => {
      for (const [type, body] of FORGED_FIELDS) {
        const vic = client()
        const headers = { 'content-type': type }
        expect(await vic.send('POST', '/register', body(freshCredentials('Vic')), { headers }), 303)
        assert.equal((await sessionOf(vic)).account?.role, 'customer')
        expect(await vic.get('/staff'), 403)
        expect(await client().get('/staff'), 303)
      }
    })

    scenario(`A return address outside the site is ignored, ${entrance}`, needs, async () => {
      const vic = client()
      const { email, password } = await register(vic)
      for (const next of FOREIGN_TARGETS) {
        const { headers } = expect(await vic.post('/login', { email, password, next }), 303)
        assert.ok(isOwn(String(headers.location)), `${JSON.stringify(next)} led to ${headers.location}`)
      }
      const twice = `${form({ email, password })}&next=/basket&next=//evil.example`
      const response = expect(await vic.send('POST', '/login', twice, { headers: { 'content-type': FORM } }), 303)
      assert.equal(response.headers.location, '/account')
      expect(await vic.get(`/login?next=${encodeURIComponent('//evil.example')}`), 200, 303)
      const good = expect(await vic.post('/login', { email, password, next: '/basket?a=1' }), 303)
      assert.equal(good.headers.location, '/basket?a=1')
    })
  })
}

/** The number of rows of each table; empty where the target has no access. */
async function counts(): Promise<Readonly<Record<string, number>>> {
  return fixture.supports('database') ? await fixture.database.counts() : {}
}

/** What is wrong with the response to a bad request; undefined: nothing. */
function faultOf(response: Response, { status, says }: BadBody, json: boolean): string | undefined {
  const leak = leakIn(response)
  if (leak !== undefined) return leak
  if (!status.includes(response.status)) return `${status.join(' or ')} was expected`
  if (response.cookies.length > 0) return 'no cookie was expected'
  const type = String(response.headers['content-type'])
  if (!type.startsWith(json ? 'application/problem+json' : 'text/html')) return `it came as ${type}`
  return says.test(visibleText(response)) ? undefined : `it does not say ${says}`
}

function leakIn({ status, text }: Response): string | undefined {
  if (status >= 500) return 'a server error'
  return /\bat .+:\d+:\d+|node_modules|\.ts:\d+/.test(text) ? 'it shows internals' : undefined
}

function expectNoInternals(response: Response): Response {
  assert.equal(leakIn(response), undefined, describeResponse(response, 'no internals were expected'))
  return response
}

function isOwn(location: string): boolean {
  const site = 'http://here.example'
  return new URL(location, site).origin === site && /^\/(?![/\\])/.test(location)
}

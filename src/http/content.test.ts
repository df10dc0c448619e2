import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

const ACCEPTED: readonly (readonly [accept: string, type: RegExp])[] = [
  ['application/problem+json', /problem\+json/],
  ['application/problem+json, text/html;q=0.5', /problem\+json/],
  ['application/vnd.api+json', /problem\+json/],
  ['application/problem+json;charset=utf-8', /problem\+json/],
  ['application/json; charset=utf-8', /problem\+json/],
  ['application/*+json', /problem\+json/],
  ['APPLICATION/Problem+JSON', /problem\+json/],
  ['application/problem+json;q=0, text/html', /html/],
  ['application/json', /problem\+json/],
  ['text/html, application/json;q=0.9', /html/],
  ['text/html, application/problem+json;q=0.9', /html/],
  ['*/*', /html/],
  ['image/png', /html/],
]

for (const [accept, type] of ACCEPTED) {
  test(`Accept: ${accept} gets ${type.source}`, async () => {
    const missing = await app.client().get('/nowhere', { headers: { accept } })
    assert.match(String(missing.headers['content-type']), type)
    const { status } = await app.client().get('/account', { headers: { accept } })
    assert.equal(status, type.source === 'html' ? 303 : 401)
  })
}

const NO_JSON = '{"no json'
const LENGTH = { 'content-length': String(NO_JSON.length) }

test('a GET or HEAD with any body is answered as without one', async () => {
  for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'application/json' }, {}])
    for (const method of ['GET', 'HEAD'])
      assert.equal(
        (await app.client().send(method, '/shop', NO_JSON, { headers: { ...LENGTH, ...headers } })).status,
        200,
      )
  const post = { headers: { 'content-type': 'text/plain' } }
  assert.equal((await app.client().send('POST', '/login', 'text', post)).status, 415)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

test('the 404 page says so, and names its request', async () => {
  const { status, text, headers } = await app.client().get('/nothing-here')
  assert.equal(status, 404)
  assert.match(text, /<h1>Not found<\/h1>/)
  assert.ok(text.includes(String(headers['x-request-id'])))
})

test('a response before the session is read shows no user as signed in or out', async () => {
  const { status, text } = await app.client().post('/basket/items', {}, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(status, 403)
  assert.doesNotMatch(text, /href="\/login"|action="\/logout"/)
})

test('a form of a visitor offers the sign-in', async () => {
  const { status, text } = await app.client().post('/account/password', { current: 'x', password: 'y' })
  assert.equal(status, 401)
  assert.match(text, /<a class="button" href="\/login">Sign in<\/a>/)
})

test("a 405 page has the site's layout", async () => {
  const { status, text } = await app.client().post('/shop', {})
  assert.equal(status, 405)
  assert.match(text, /data-replica=/)
})

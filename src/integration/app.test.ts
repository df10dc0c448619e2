import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let app: TestServer
before(async () => {
  app = await startTestServer({ commit: 'abc1234' })
})
after(() => app.close())

test('every response names its replica and its request', async () => {
  for (const path of ['/', '/nothing-here', '/livez', '/api/session']) {
    const { headers } = await app.client().get(path)
    assert.equal(headers['x-served-by'], 'test')
    assert.match(String(headers['x-request-id']), /^[\w-]{36}$/)
  }
})

test('a valid request id is kept, any other is replaced', async () => {
  const ids = ['0123456789abcdef', 'short', 'with space', 'x'.repeat(65), 'semi;colon;ed']
  const kept = await Promise.all(
    ids.map(
      async (id) =>
        (await app.client().get('/livez', { headers: { 'x-request-id': id } })).headers['x-request-id'] === id,
    ),
  )
  assert.deepEqual(kept, [true, false, false, false, false])
})

test('the health endpoints name replica, version and commit', async () => {
  const about = { replica: 'test', version: '0.0.0', commit: 'abc1234' }
  assert.deepEqual((await app.client().get('/livez')).body, { status: 'ok', ...about })
  assert.deepEqual((await app.client().get('/readyz')).body, { status: 'ready', ...about })
})

test('another method on a known path is a 405 with Allow', async () => {
  const answer = await app.client().send('DELETE', '/basket', undefined, { json: true })
  assert.equal(answer.status, 405)
  assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8')
})

for (const path of ['/livez', '/readyz', '/favicon.ico', '/robots.txt', '/assets/site.css'])
  test(`${path} accepts GET, HEAD and OPTIONS, and refuses other methods with 405`, async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['OPTIONS', 204],
      ['POST', 405],
      ['DELETE', 405],
    ] as const) {
      const answer = await app.client().send(method, path, undefined)
      assert.equal(answer.status, status, method)
      if (method !== 'HEAD') assert.equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
    }
  })

test('pages answer HEAD and OPTIONS', async () => {
  assert.equal((await app.client().send('HEAD', '/shop', undefined)).status, 200)
  const { status, headers } = await app.client().send('OPTIONS', '/login', undefined)
  assert.deepEqual([status, headers.allow], [204, 'GET, POST, HEAD, OPTIONS'])
})

test('an unknown path is a 404 with every method', async () => {
  for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'])
    assert.equal((await app.client().send(method, '/nothing-here', undefined)).status, 404)
})

test('every page, even the 404 page, has the sign-out button for a signed-in user', async () => {
  const ada = app.client()
  await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
  for (const path of ['/', '/shop', '/account', '/staff', '/nothing-here']) {
    const { text } = await ada.get(path)
    assert.match(text, /action="\/logout"/)
  }
})

const bodies: readonly [string, string, string | Buffer, number][] = [
  ['JSON that cannot be read', 'application/json', '{"email":', 400],
  ['JSON that is a number', 'application/json', '5', 400],
  ['a body over the limit', 'application/json', JSON.stringify({ email: 'x'.repeat(200_000) }), 413],
  ['another type than a form or JSON', 'text/xml', '<email/>', 415],
  ['a body in an unknown charset', 'application/json; charset=latin1', '{}', 415],
  ['a body that claims to be packed', 'application/json', Buffer.from('{}'), 415],
]
for (const [what, type, raw, status] of bodies)
  test(`${what} is a ${status}, not a 500`, async () => {
    const packed = Buffer.isBuffer(raw) ? { 'content-encoding': 'zip' } : {}
    const answer = await app
      .client()
      .post('/login', {}, { json: true, raw, headers: { 'content-type': type, ...packed } })
    assert.equal(answer.status, status)
    assert.equal(answer.body.status, status)
    assert.doesNotMatch(answer.text, /\n +at |node_modules/)
  })

for (const encoding of ['gzip', 'deflate', 'br'])
  test(`a body that is not ${encoding} as declared is a 400 with a clear message`, async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
    const { status, body } = await app.client().post('/login', {}, { json: true, raw: '{}', headers })
    assert.equal(status, 400)
    assert.match(body.detail, /cannot be unpacked/)
  })

test('a form from another origin is refused before the store is read', async () => {
  const before = await storeOperations()
  const { status } = await app
    .client()
    .post('/login', { email: 'a@b.example' }, { headers: { 'sec-fetch-site': 'cross-site' } })
  assert.equal(status, 403)
  assert.equal(await storeOperations(), before)
})

test('responses with a session are never cached, static files are cached for a year', async () => {
  const page = await app.client().get('/')
  assert.equal(page.headers['cache-control'], 'no-store')
  const [, stylesheet = ''] = /href="(\/assets\/site\.[0-9a-f]{10}\.css)"/.exec(page.text) ?? []
  const file = await app.client().get(stylesheet)
  assert.equal(file.headers['cache-control'], 'public, max-age=31536000, immutable')
  const former = await app.client().get(stylesheet.replace(/[0-9a-f]{10}/, '0000000000'))
  assert.deepEqual([former.status, former.headers['cache-control']], [200, 'public, max-age=0'])
})

test('no page allows inline code or frames', async () => {
  const { headers, text } = await app.client().get('/login')
  assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/)
  assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
  assert.doesNotMatch(text, /<script>| style="| on\w+="/)
})

test('a path that cannot be decoded is a 400', async () => {
  assert.equal((await app.client().get('/shop/%E0%A4%A', { json: true })).status, 400)
  assert.equal((await app.client().get('/assets/%E0%A4%A', { json: true })).status, 400)
})

test('favicon.ico and robots.txt exist and never read the store', async () => {
  const before = await storeOperations()
  const visitor = app.client()
  visitor.cookies.set('sid', 's%3Aabc.forged')
  for (const path of ['/favicon.ico', '/robots.txt', '/livez', '/nothing-here'])
    assert.equal((await visitor.get(path)).headers['set-cookie'], undefined)
  assert.equal(await storeOperations(), before)
})

test('metrics show times by route and status, the pool and the store', async () => {
  await app.client().get('/shop')
  const text = await metrics()
  assert.match(text, /http_request_duration_seconds_count\{.*route="\/shop".*status="200".*\} \d+/)
  assert.match(text, /pool_connections\{state="idle"\} \d+/)
  assert.match(text, /process_resident_memory_bytes/)
  assert.doesNotMatch(text, /nothing-here/)
})

const heads: readonly [string, string, number][] = [
  ['a control character in a cookie', 'GET / HTTP/1.1\r\nHost: x\r\nCookie: sid=\u001b[31m\r\n\r\n', 400],
  ['no HTTP at all', 'good morning\r\n\r\n', 400],
  ['a head of 20 kB', `GET / HTTP/1.1\r\nHost: x\r\nCookie: sid=${'x'.repeat(20_000)}\r\n\r\n`, 431],
]
for (const [what, bytes, status] of heads)
  test(`${what} is a ${status} with problem details`, async () => {
    const answer = await speak(bytes)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.equal(JSON.parse(answer.split('\r\n\r\n')[1] ?? '').status, status)
    assert.match(answer, /^X-Served-By: test\r$/m)
  })

async function speak(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  socket.write(bytes, 'latin1')
  return (await socket.toArray()).join('')
}

async function metrics(): Promise<string> {
  return (await fetch(app.metricsUrl)).text()
}

async function storeOperations(): Promise<number> {
  const counts = (await metrics()).matchAll(/^session_store_duration_seconds_count\{.*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

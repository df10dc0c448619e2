import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { ask, named, nginx, raw, replica } from './test-upstreams.ts'

test('headers about the client are overwritten', async (t) => {
  const { front } = await nginx(t, { upstreams: [await named(t, 'a')] })
  const forged = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', 'x-forwarded-proto': 'https' }
  const more = { forwarded: 'for=6.6.6.6', 'x-forwarded-host': 'evil.example', x_forwarded_for: '6.6.6.6' }
  const { body } = await ask(front, '/', { ...forged, ...more, 'x-request-id': 'tell-tale', host: 'shop.example:8080' })
  const { connection, accept, ...seen } = JSON.parse(body)
  assert.deepEqual(seen, {
    host: 'shop.example:8080',
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-request-id': 'tell-tale',
    'x-repeats-502': 'yes',
  })
})

test('the headers of a trusted gateway are used, those of its client are not', async (t) => {
  const { front, log } = await nginx(t, {
    upstreams: [await named(t, 'a')],
    trustedProxies: ['10.0.0.0/8', '127.0.0.1'],
  })
  const gateway = { 'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.1.1.1', 'x-forwarded-proto': 'https' }
  const seen = JSON.parse((await ask(front, '/', gateway)).body)
  assert.deepEqual([seen['x-forwarded-for'], seen['x-real-ip']], ['203.0.113.7', '203.0.113.7'])
  assert.equal(seen['x-forwarded-proto'], 'https')
  const odd = JSON.parse((await ask(front, '/', { ...gateway, 'x-forwarded-proto': 'gopher' })).body)
  assert.equal(odd['x-forwarded-proto'], 'http')
  assert.equal((await log())[0]?.client, '203.0.113.7')
})

test('a body over 100 kB gets 413, a cookie of 8 kB passes, one of 13 kB gets 400', async (t) => {
  const { front } = await nginx(t, { upstreams: [await named(t, 'a')] })
  assert.equal((await ask(front, '/', {}, 'x'.repeat(102_400))).status, 200)
  const large = await ask(front, '/', {}, 'x'.repeat(102_401))
  assert.equal(large.status, 413)
  assert.match(large.body, /<title>That is too large/)
  assert.equal((await ask(front, '/', { cookie: `sid=${'x'.repeat(8192)}` })).status, 200)
  const head = await ask(front, '/', { accept: 'application/json', cookie: `sid=${'x'.repeat(13_000)}` })
  assert.equal(head.status, 400)
  assert.equal(JSON.parse(head.body).status, 400)
})

test('an unreadable request gets the 400 page', async (t) => {
  const { front } = await nginx(t, { upstreams: [await named(t, 'a')] })
  for (const head of ['GET / HTTP/1.1\r\n\r\n', 'nonsense\r\n\r\n', 'GET /a\u0001 HTTP/1.1\r\nHost: a\r\n\r\n']) {
    const answer = await raw(front, head)
    assert.match(answer, /^HTTP\/1.1 400 /)
    assert.match(answer, /<title>That request could not be read/)
    assert.match(answer, /\r\nX-Request-Id: [0-9a-f]{32}\r\n/)
  }
})

test('the log has request, replica and times, and no query, cookie or line break', async (t) => {
  const upstream = await replica(t, (_, res) => res.setHeader('X-Request-Id', 'checked').end())
  const { front, log } = await nginx(t, { upstreams: [upstream] })
  await ask(front, '/orders/%0a%1b%22x?token=hidden', {
    cookie: 'sid=hidden',
    'x-request-id': 'a"b',
    referer: '/?hidden',
  })
  const [line] = await log()
  assert.ok(line)
  const { time, seconds, upstreamSeconds, upstreamConnectSeconds, ...rest } = line
  assert.deepEqual(rest, {
    level: 'info',
    msg: 'request proxied',
    requestId: 'checked',
    client: '127.0.0.1',
    method: 'GET',
    path: '/orders/%0a%1b%22x',
    status: 200,
    bytes: 0,
    upstream,
    upstreamStatus: '200',
  })
  assert.ok(!JSON.stringify(line).includes('hidden'))
  assert.deepEqual([typeof time, typeof seconds], ['string', 'number'])
})

test('an event stream is not buffered, and pages are compressed', async (t) => {
  let finish = () => {}
  const { front } = await nginx(t, {
    upstreams: [
      await replica(t, (req, res) => {
        if (req.url === '/page') return res.setHeader('Content-Type', 'text/html').end('x'.repeat(2000))
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }).write('data: 1\n\n')
        finish = () => res.end()
      }),
    ],
  })
  const req = request(`${front.url}/events`, { headers: { 'accept-encoding': 'gzip' } }).end()
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  assert.equal(String((await once(res, 'data'))[0]), 'data: 1\n\n')
  finish()
  const page = await ask(front, '/page', { 'accept-encoding': 'gzip' })
  assert.deepEqual([page.headers['content-encoding'], page.headers.vary], ['gzip', 'Accept-Encoding'])
})

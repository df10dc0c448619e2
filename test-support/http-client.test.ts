import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHttpClient, type HttpClientOptions } from './http-client.ts'

test('A client sends the path as it stands', async (t) => {
  const client = await clientOf(t, (req, res) => res.end(req.url))
  for (const path of ['/a/../b', '//a', '/%2e%2e/', '/a?b#c', '/%zz']) assert.equal((await client.get(path)).text, path)
})

test('Requests share one connection, or have one each', async (t) => {
  for (const [keepAlive, count] of [
    [true, 1],
    [false, 3],
  ] as const) {
    const client = await clientOf(t, (req, res) => res.end(`${req.socket.remotePort}`), { keepAlive })
    const responses = await Promise.all(['/1', '/2', '/3'].map((path) => client.get(path)))
    assert.deepEqual(
      responses.map(({ connection }) => String(connection)),
      responses.map(({ text }) => text),
    )
    assert.equal(new Set(responses.map(({ text }) => text)).size, count)
  }
})

test('A client uses the local address of its options', async (t) => {
  const client = await clientOf(t, (req, res) => res.end(req.socket.remoteAddress), { localAddress: '127.0.3.9' })
  assert.equal((await client.get('/')).text, '127.0.3.9')
})

test('A client stores the cookies that it receives and follows no redirect', async (t) => {
  const client = await clientOf(t, (req, res) => {
    res.writeHead(303, { location: '/other', 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] }).end(req.headers.cookie)
  })
  assert.equal((await client.get('/')).status, 303)
  assert.equal((await client.get('/')).text, 'a=1; b=2')
})

test('A response resolves on its headers, and the connection serves the next request', async (t) => {
  let end = () => {}
  const client = await clientOf(t, (req, res) => {
    if (req.url === '/next') return void res.end('next')
    res.write('x'.repeat(300_000))
    end = () => void res.end('y'.repeat(300_000))
  })
  const first = await client.get('/', { resolveOnHeaders: true })
  end()
  const next = await client.get('/next')
  assert.deepEqual([first.status, first.text, next.text], [200, '', 'next'])
  assert.equal(first.connection, next.connection)
})

test('A request without an answer fails in time and names the method, the path and the host', async (t) => {
  const silent = await clientOf(t, () => {}, { timeoutMs: 100 })
  await assert.rejects(silent.get('/silent'), /^Error: GET \/silent at 127\.0\.0\.1:\d+: no answer within 100 ms$/)
  const broken = await clientOf(t, (req) => req.socket.destroy())
  await assert.rejects(broken.post('/broken'), /^Error: POST \/broken at 127\.0\.0\.1:\d+: other side closed$/)
})

async function clientOf(t: TestContext, listener: RequestListener, options: HttpClientOptions = {}) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = createHttpClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options)
  t.after(() => {
    client.close()
    server.close()
    server.closeAllConnections()
  })
  return client
}

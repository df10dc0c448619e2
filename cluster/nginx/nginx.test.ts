import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import { freePort } from '../processes/ports.ts'
import { ask, named, names, nginx, replica } from './test-upstreams.ts'

test('requests on one connection alternate exactly between the replicas', async (t) => {
  const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => named(t, name)))
  const { front } = await nginx(t, { upstreams })
  assert.equal(await names(front, 9), 'abcabcabc')
})

test('new connections reach new replicas after setUpstreams, and after a restart', async (t) => {
  const upstreams = await Promise.all(['a', 'b'].map((name) => named(t, name)))
  const { front } = await nginx(t, { upstreams: upstreams.slice(0, 1), keepalive: 0 })
  assert.equal(await names(front, 2), 'aa')
  await front.setUpstreams(upstreams)
  await ask(front, '/', { connection: 'close' }) // a newer nginx serves one more on a connection that was open
  assert.match(await names(front, 4), /^(abab|baba)$/)
  const before = front.pid
  await front.restart()
  assert.notEqual(front.pid, before)
  assert.equal(await names(front, 4), 'abab')
  await assert.rejects(front.setUpstreams(['not an address']), /nginx refused: .*emerg/)
})

test('a taken port is reported at once', async (t) => {
  const { front } = await nginx(t, { upstreams: ['127.0.0.1:1'] })
  const port = Number(new URL(front.url).port)
  await assert.rejects(nginx(t, { upstreams: ['127.0.0.1:1'], port }), new RegExp(`port ${port} is taken`))
})

test('a POST goes to the next replica when the first refuses the connection', async (t) => {
  const { front, log } = await nginx(t, { upstreams: [`127.0.0.1:${await freePort()}`, await named(t, 'b')] })
  const answer = await ask(front, '/', {}, 'a=1')
  assert.deepEqual([answer.status, answer.headers['x-served-by']], [200, 'b'])
  assert.equal((await log()).at(-1)?.upstreamStatus, '502, 200')
})

test('a POST that five replicas in a row refused is tried once more, complete', async (t) => {
  const echo = await replica(t, (req, res) => req.pipe(res))
  const gone = await Promise.all(Array.from({ length: 6 }, async () => `127.0.0.1:${await freePort()}`))
  const { front, log } = await nginx(t, { upstreams: [...gone, echo] })
  const answer = await ask(front, '/orders', {}, 'x'.repeat(50_000))
  assert.deepEqual([answer.status, answer.body.length], [200, 50_000])
  const [line] = await log()
  assert.deepEqual([line?.method, line?.upstreamStatus], ['POST', '502, 502, 502, 502, 502 : 502, 200'])
})

test('a page that a draining replica handed over, and that no replica took, is tried once more', async (t) => {
  const leaving = await replica(t, (_req, res) => res.writeHead(502).end())
  const gone = await Promise.all(Array.from({ length: 5 }, async () => `127.0.0.1:${await freePort()}`))
  const { front, log } = await nginx(t, { upstreams: [leaving, ...gone, await named(t, 'b')] })
  const answer = await ask(front, '/')
  assert.deepEqual([answer.status, answer.headers['x-served-by']], [200, 'b'])
  assert.equal((await log())[0]?.upstreamStatus, '502, 502, 502, 502, 502 : 502, 200')
})

test('a POST that was sent is never repeated, and its error does not ask to retry', async (t) => {
  let asked = 0
  const slam: RequestListener = (req) => {
    asked++
    req.on('end', () => req.socket.destroy()).resume()
  }
  const { front, log } = await nginx(t, { upstreams: [await replica(t, slam), await replica(t, slam)] })
  const post = await ask(front, '/orders?key=7', { accept: 'application/json' }, 'a=1')
  assert.equal(asked, 1)
  assert.deepEqual([post.status, post.headers['retry-after']], [502, undefined])
  assert.match(JSON.parse(post.body).detail, /may have been carried out/)
  const get = await ask(front)
  assert.equal(asked, 3)
  assert.deepEqual([get.status, get.headers['retry-after']], [503, '2'])
  const [line] = await log()
  assert.deepEqual([line?.method, line?.path, line?.status], ['POST', '/orders', 502])
})

test("a replica's 503 passes unchanged, and no other replica is tried", async (t) => {
  let asked = 0
  const away: RequestListener = (_, res) => {
    asked++
    res.writeHead(503, { 'Retry-After': '7', 'X-Served-By': 'a' }).end('the store is away')
  }
  const { front } = await nginx(t, { upstreams: [await replica(t, away), await replica(t, away)] })
  for (let i = 0; i < 12; i++) {
    const { status, headers, body } = await ask(front)
    assert.deepEqual([status, headers['retry-after'], body], [503, '7', 'the store is away'])
  }
  assert.equal(asked, 12)
})

test('without any replica nginx answers 503 itself, as a page or as a problem', async (t) => {
  const { front, log } = await nginx(t, {
    upstreams: [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`],
  })
  for (const send of [undefined, 'a=1']) {
    for (let i = 0; i < 6; i++) {
      const page = await ask(front, '/basket?q=secret', { accept: 'text/html' }, send)
      assert.deepEqual([page.status, page.headers['retry-after']], [503, '2'])
      assert.match(page.body, /<title>We will be back in a moment/)
      assert.ok(page.body.includes(`<code>${page.headers['x-request-id']}</code>`))
      assert.equal(page.headers.server, 'nginx')
    }
  }
  for (const accept of ['application/problem+json', 'application/vnd.api+json'])
    assert.equal((await ask(front, '/', { accept })).headers['content-type'], 'application/problem+json', accept)
  const problem = await ask(front, '/', { accept: 'application/json' })
  assert.equal(problem.headers['content-type'], 'application/problem+json')
  assert.equal(JSON.parse(problem.body).status, 503)
  assert.equal((await log()).at(-1)?.requestId, problem.headers['x-request-id'])
})

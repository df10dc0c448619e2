import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { generateLoad, prepareRequest } from './load-generator.ts'

test('the load generator sends the prepared requests in order, as many as asked for, and reads each response', async (t) => {
  const seen: string[] = []
  const port = await listen(t, (req, res) => {
    req.setEncoding('utf8')
    let body = ''
    req.on('data', (text) => {
      body += text
    })
    req.on('end', () => {
      seen.push(`${req.method} ${req.url} ${req.headers.cookie ?? ''}${body}`)
      res.end('é'.repeat(100_000))
    })
  })
  const requests = [prepareRequest('GET', '/a', 'Cookie: sid=1\r\n'), prepareRequest('POST', '/b', '', '{"n":1}')]
  const result = await generateLoad({ port, connections: 1, requests, maxRequests: 3 })
  assert.deepEqual(seen, ['GET /a sid=1', 'POST /b {"n":1}', 'GET /a sid=1'])
  assert.deepEqual([result.responses, result.failures, result.latenciesMs.length], [3, 0, 3])
})

test('the load generator measures for a time after the warm-up, and does not measure the warm-up', async (t) => {
  const port = await listen(t, (_, res) => res.end('ok'))
  const requests = [prepareRequest('GET', '/')]
  const result = await generateLoad({ port, connections: 4, requests, warmUpMs: 50, durationMs: 50, expected: 'ok' })
  assert.equal(result.failures, 0)
  assert.ok(result.latenciesMs.length > 0 && result.latenciesMs.length < result.responses)
})

test('the load generator counts unexpected responses as failures, and shows the first', async (t) => {
  const port = await listen(t, (_, res) => res.writeHead(503, { 'content-length': 4 }).end('busy'))
  const requests = [prepareRequest('GET', '/')]
  const { failures, firstFailure } = await generateLoad({ port, connections: 1, requests, maxRequests: 2 })
  assert.deepEqual([failures, firstFailure], [2, 'HTTP/1.1 503 Service Unavailable: busy'])
})

test('the load generator opens a new connection when the server announces that it closes one', async (t) => {
  const port = await listen(t, (_, res) => res.setHeader('Connection', 'close').end('ok'))
  const requests = [prepareRequest('GET', '/')]
  const { responses, failures } = await generateLoad({ port, connections: 2, requests, maxRequests: 5 })
  assert.deepEqual([responses, failures], [5, 0])
})

test('the load generator ends when its connections break, or nothing listens', async (t) => {
  const port = await listen(t, (req) => void req.socket.destroy())
  const requests = [prepareRequest('GET', '/')]
  assert.equal((await generateLoad({ port, connections: 2, requests })).failures, 2)
  assert.match((await generateLoad({ port: 1, connections: 1, requests })).firstFailure, /ECONNREFUSED/)
})

async function listen(t: TestContext, handler: RequestListener): Promise<number> {
  const server = createServer(handler)
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

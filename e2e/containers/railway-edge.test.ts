import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { keptCertificate, trust } from '../../cluster/railway/certificate.ts'
import { type Edge, startEdge, type Upstream, upstreamAgent } from '../../cluster/railway/edge.ts'
import { createVisitor } from '../support/actors/visitor.ts'

/** Echoes the request, and sets two cookies. */
const replica = http.createServer(async (request, response) => {
  const body = await request.toArray()
  response.setHeader('Set-Cookie', ['one=1', 'two=2'])
  response.end(
    JSON.stringify({ method: request.method, headers: request.headers, body: Buffer.concat(body).toString() }),
  )
})
let folder = ''
let upstream: Upstream | undefined
let edge: Edge

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-edge-'))
  const certificate = await keptCertificate(folder)
  trust(certificate)
  await once(replica.listen(0, '127.0.0.1'), 'listening')
  upstream = { host: '127.0.0.1', port: (replica.address() as net.AddressInfo).port, agent: upstreamAgent() }
  edge = await startEdge({ certificate, port: 0, choose: () => upstream })
})
after(async () => {
  await edge?.close()
  replica.close()
  replica.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

test("a replica gets the client's address from the edge only, and knows that the request used HTTPS", async () => {
  const vic = createVisitor({ name: 'Vic', url: edge.url, localAddress: '127.0.3.7' })
  const lies = { 'x-real-ip': '203.0.113.9', 'x-forwarded-for': '203.0.113.8', 'x-forwarded-proto': 'http' }
  const { headers } = JSON.parse((await vic.get('/', { headers: lies })).text)
  assert.equal(headers['x-real-ip'], '127.0.3.7')
  assert.equal(headers['x-forwarded-proto'], 'https')
  assert.equal(headers['x-forwarded-for'], undefined)
  assert.equal(headers.host, new URL(edge.url).host)
  vic.close()
})

test('bodies and cookies pass unchanged', async () => {
  const vic = createVisitor({ name: 'Vic', url: edge.url })
  const answer = await vic.post('/', { product: 'tea' })
  const { method, body } = JSON.parse(answer.text)
  assert.deepEqual([method, body, answer.cookies], ['POST', 'product=tea', ['one=1', 'two=2']])
  vic.close()
})

test('without a container the edge says so, and repeats nothing', async () => {
  const vic = createVisitor({ name: 'Vic', url: edge.url, keepAlive: false })
  upstream = undefined
  assert.equal((await vic.get('/')).status, 502)
  upstream = { host: '127.0.0.1', port: 1, agent: upstreamAgent() }
  assert.equal((await vic.get('/')).status, 502)
})

import assert from 'node:assert/strict'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createDrain, type DrainOptions } from './drain.ts'

test('a draining server answers all requests that keep coming', async () => {
  const { server, port } = await listening((_req, res) => void setImmediate(() => res.end('ok')))
  const drain = draining(server, { delayMs: 50, timeoutMs: 5000 })
  const outcomes: string[] = []
  let leaving = false
  const workers = Array.from({ length: 20 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (;;) {
      const outcome = await ask(port, agent)
      outcomes.push(outcome)
      // Refused is correct: nginx asks another replica. Reset is not: the request may have been
      // processed.
      if (outcome !== 'ok') break
      if (leaving && !server.listening) agent.destroy()
    }
    agent.destroy()
  })
  await until(() => outcomes.length > 200)
  leaving = true
  assert.equal(await drain.run(), 0)
  await Promise.all(workers)
  assert.deepEqual([...new Set(outcomes)].sort(), ['ECONNREFUSED', 'ok'])
})

test('endless clients without keep-alive do not keep a server from stopping', async () => {
  const quiet = await listening((_req, res) => void res.end('ok'))
  const alone = await timeOf(draining(quiet.server, { delayMs: 0, timeoutMs: 20_000 }))
  const { server, port } = await listening((_req, res) => void res.end('ok'))
  const outcomes: string[] = []
  const workers = Array.from({ length: 20 }, async () => {
    const agent = new Agent({ keepAlive: false })
    while (outcomes.at(-1) !== 'ECONNREFUSED') outcomes.push(await ask(port, agent))
  })
  await until(() => outcomes.length > 200)
  const crowded = await timeOf(draining(server, { delayMs: 0, timeoutMs: 20_000 }))
  await Promise.all(workers)
  assert.deepEqual([...new Set(outcomes)].sort(), ['ECONNREFUSED', 'ok'])
  // New connections are paused while the queue is emptied: serving them would bring more.
  assert.ok(crowded < 4 * alone, `${crowded} ms with clients, ${alone} ms without`)
})

test('a response in progress is finished, and closes its connection', async () => {
  const { server, port, seen } = await listening(
    (_req, res) => void until(() => !server.listening).then(() => res.end('late')),
  )
  const drain = draining(server, { delayMs: 0, timeoutMs: 5000 })
  const agent = new Agent({ keepAlive: true })
  const answer = ask(port, agent)
  await until(() => seen.count === 1)
  assert.equal(await drain.run(), 0)
  assert.equal(await answer, 'late')
  agent.destroy()
})

test('connections that are open at the timeout are cut', async () => {
  const { server, port, seen } = await listening(() => {})
  const drain = draining(server, { delayMs: 0, timeoutMs: 100 })
  const agent = new Agent()
  const answer = ask(port, agent)
  await until(() => seen.count === 1)
  assert.equal(await drain.run(), 1)
  assert.equal(await answer, 'ECONNRESET')
})

test('a draining server hands over what a proxy can repeat, and answers the rest', async () => {
  const drain = createDrain({ delayMs: 0, timeoutMs: 5000 })
  const { server, port } = await listening((req, res) => drain.middleware(req, res, () => void res.end('ok')))
  drain.attach(server)
  const agent = new Agent({ keepAlive: true })
  const repeating = { 'X-Repeats-502': 'yes' }
  assert.equal(await ask(port, agent, 'GET', repeating), 'ok')
  const left = drain.run()
  // The drain begins in the next event-loop turn.
  while ((await ask(port, agent, 'GET', repeating)) === 'ok') {}
  assert.equal(await ask(port, agent, 'POST', repeating), 'ok')
  assert.equal(await ask(port, agent, 'GET'), 'ok')
  agent.destroy()
  assert.equal(await left, 0)
})

async function timeOf(drain: { run(): Promise<number> }): Promise<number> {
  const start = performance.now()
  assert.equal(await drain.run(), 0)
  return performance.now() - start
}

function draining(server: Server, options: DrainOptions) {
  const drain = createDrain(options)
  drain.attach(server)
  return drain
}

async function listening(
  handler: Parameters<typeof createServer>[1],
): Promise<{ server: Server; port: number; seen: { count: number } }> {
  const seen = { count: 0 }
  const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
    seen.count++
    handler?.(req, res as never)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port, seen }
}

function ask(port: number, agent: Agent, method = 'GET', headers = {}): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ port, host: '127.0.0.1', agent, method, headers }, async (res) =>
      resolve((await res.toArray()).join('')),
    )
    outgoing.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    outgoing.end()
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

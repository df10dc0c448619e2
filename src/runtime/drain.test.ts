import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createHttpClient, type HttpClient } from '../../test-support/http-client.ts'
import { createDrain, type DrainOptions } from './drain.ts'

test('a draining server answers all requests that keep coming', async () => {
  const { server, url } = await listening((_req, res) => void setImmediate(() => res.end('ok')))
  const drain = draining(server, { delayMs: 50, timeoutMs: 5000 })
  const outcomes: string[] = []
  let leaving = false
  const workers = Array.from({ length: 20 }, async () => {
    let client = createHttpClient(url)
    for (;;) {
      const outcome = await ask(client)
      outcomes.push(outcome)
      // Refused is correct: nginx asks another replica. Reset is not: the request may have been
      // processed.
      if (outcome !== 'ok') break
      if (leaving && !server.listening) {
        client.close()
        client = createHttpClient(url)
      }
    }
    client.close()
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
  const { server, url } = await listening((_req, res) => void res.end('ok'))
  const outcomes: string[] = []
  const workers = Array.from({ length: 20 }, async () => {
    const client = createHttpClient(url, { keepAlive: false })
    while (outcomes.at(-1) !== 'ECONNREFUSED') outcomes.push(await ask(client))
  })
  await until(() => outcomes.length > 200)
  const crowded = await timeOf(draining(server, { delayMs: 0, timeoutMs: 20_000 }))
  await Promise.all(workers)
  assert.deepEqual([...new Set(outcomes)].sort(), ['ECONNREFUSED', 'ok'])
  // New connections are paused while the queue is emptied: serving them would bring more.
  assert.ok(crowded < 4 * alone, `${crowded} ms with clients, ${alone} ms without`)
})

test('a response in progress is finished, and closes its connection', async () => {
  const { server, url, seen } = await listening(
    (_req, res) => void until(() => !server.listening).then(() => res.end('late')),
  )
  const drain = draining(server, { delayMs: 0, timeoutMs: 5000 })
  const client = createHttpClient(url)
  const answer = ask(client)
  await until(() => seen.count === 1)
  assert.equal(await drain.run(), 0)
  assert.equal(await answer, 'late')
  client.close()
})

test('connections that are open at the timeout are cut', async () => {
  const { server, url, seen } = await listening(() => {})
  const drain = draining(server, { delayMs: 0, timeoutMs: 100 })
  const client = createHttpClient(url)
  const answer = ask(client)
  await until(() => seen.count === 1)
  assert.equal(await drain.run(), 1)
  assert.match(await answer, /^(ECONNRESET|UND_ERR_SOCKET)$/)
})

test('a draining server hands over what a proxy can repeat, and answers the rest', async () => {
  const drain = createDrain({ delayMs: 0, timeoutMs: 5000 })
  const { server, url } = await listening((req, res) => drain.middleware(req, res, () => void res.end('ok')))
  drain.attach(server)
  const client = createHttpClient(url)
  const repeating = { 'X-Repeats-502': 'yes' }
  assert.equal(await ask(client, 'GET', repeating), 'ok')
  const left = drain.run()
  // The drain begins in the next event-loop turn.
  while ((await ask(client, 'GET', repeating)) === 'ok') {}
  assert.equal(await ask(client, 'POST', repeating), 'ok')
  assert.equal(await ask(client, 'GET'), 'ok')
  client.close()
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
): Promise<{ server: Server; url: string; seen: { count: number } }> {
  const seen = { count: 0 }
  const server = createServer({ keepAliveTimeout: 75_000 }, (req, res) => {
    seen.count++
    handler?.(req, res as never)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

async function ask(client: HttpClient, method = 'GET', headers = {}): Promise<string> {
  try {
    return (await client.send(method, '/', undefined, { headers })).text
  } catch (error) {
    return String(((error as Error).cause as NodeJS.ErrnoException).code)
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

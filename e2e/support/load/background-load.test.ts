import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startBackgroundLoad } from './background-load.ts'

type Answerer = (req: IncomingMessage, res: ServerResponse) => void

test('a site that does well has no failures, and every request is in the record', async () => {
  const ledger = await visited(wellBehaved())
  ledger.assertClean(20)
  assert.deepEqual([...ledger.spread().keys()], ['app-1'])
  assert.ok(ledger.entries.some(({ method }) => method === 'POST'))
})

for (const [what, breaks, complaint] of [
  ['a server error', (_: IncomingMessage, res: ServerResponse) => void res.writeHead(500).end(), /200 was expected/],
  ['a connection that is cut', (req: IncomingMessage) => void req.socket.destroy(), /no answer/],
  ['a signed-in person who is sent to sign in', toSignIn, /answered as a visitor/],
  ['a signed-in person who is nobody', nobody, /answered as a visitor/],
] as const) {
  test(`${what} is a failure`, async () => {
    let count = 0
    const well = wellBehaved()
    const ledger = await visited((req, res) => {
      const broken = isLook(req) && ++count === 5
      return broken ? breaks(req, res) : well(req, res)
    })
    assert.equal(ledger.failures().length, 1)
    assert.throws(() => ledger.assertClean(), complaint)
  })
}

test('a change that was acknowledged and is not there is a loss', async () => {
  const forgetful = wellBehaved((basket) => ({ ...basket, p1: 0 }))
  const ledger = await visited(forgetful)
  assert.throws(() => ledger.assertClean(), /acknowledged/)
  assert.ok(ledger.losses().length > 0)
})

test('a crowd that made too few requests has no verdict', async () => {
  const ledger = await visited(wellBehaved())
  assert.throws(() => ledger.assertClean(1_000_000), /needed to tell/)
})

/** A site of one account and one basket. */
function wellBehaved(shown = (basket: Record<string, number>) => basket): Answerer {
  const basket: Record<string, number> = {}
  return async (req, res) => {
    res.setHeader('X-Served-By', 'app-1')
    let body = ''
    for await (const chunk of req) body += chunk
    if (req.url === '/register') return void res.writeHead(303, { location: '/account' }).end()
    if (req.url === '/shop') return void res.end(JSON.stringify({ products: [{ id: 'p1' }, { id: 'p2' }] }))
    if (req.url === '/basket/items') {
      const { product, quantity } = JSON.parse(body) as { product: string; quantity: number }
      basket[product] = quantity
    }
    res.end(JSON.stringify({ signedIn: true, account: { id: '1' }, basket: shown(basket) }))
  }
}

function isLook(req: IncomingMessage): boolean {
  return req.url === '/api/session'
}

function toSignIn(_: IncomingMessage, res: ServerResponse): void {
  res.writeHead(303, { location: '/login?next=/account' }).end()
}

function nobody(_: IncomingMessage, res: ServerResponse): void {
  res.end(JSON.stringify({ signedIn: false, account: null, basket: {} }))
}

async function visited(answer: Answerer) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const crowd = await startBackgroundLoad({ url: `http://127.0.0.1:${port}`, workers: 1, maxMs: 20_000 })
  await crowd.served(60)
  const ledger = await crowd.stop()
  server.close()
  return ledger
}

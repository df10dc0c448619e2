import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { startBackgroundLoad } from './background-load.ts'

test('A site without faults has a history of all requests and no failures', async () => {
  const history = await historyOf(createSite())
  history.assertClean(20)
  assert.deepEqual([...history.spread().keys()], ['app-1'])
  assert.ok(history.entries.some(({ method }) => method === 'POST'))
})

for (const [fault, respond, complaint] of [
  ['a server error', (_req, res) => res.writeHead(500).end(), /200 was expected/],
  ['a closed connection', (req) => req.socket.destroy(), /no answer/],
  ['a redirect to the sign-in page', redirectToSignIn, /answered as a visitor/],
  ['a session without the account', respondAsVisitor, /answered as a visitor/],
] as const satisfies [string, (req: IncomingMessage, res: ServerResponse) => unknown, RegExp][]) {
  test(`The history counts ${fault} as a failure`, async () => {
    let count = 0
    const site = createSite()
    const history = await historyOf((req, res) => {
      if (req.url === '/api/session' && ++count === 5) respond(req, res as ServerResponse)
      else site(req, res)
    })
    assert.equal(history.failures().length, 1)
    assert.throws(() => history.assertClean(), complaint)
  })
}

test('The history counts an acknowledged change that is missing later as a loss', async () => {
  const history = await historyOf(createSite((basket) => ({ ...basket, p1: 0 })))
  assert.throws(() => history.assertClean(), /acknowledged/)
  assert.ok(history.losses().length > 0)
})

test('A history of too few requests is not clean', async () => {
  const history = await historyOf(createSite())
  assert.throws(() => history.assertClean(1_000_000), /needed to tell/)
})

/** A site of one account and one basket. */
function createSite(shown = (basket: Record<string, number>) => basket): RequestListener {
  const basket: Record<string, number> = {}
  return async (req, res) => {
    res.setHeader('X-Served-By', 'app-1')
    const body = (await req.toArray()).join('')
    if (req.url === '/register') return void res.writeHead(303, { location: '/account' }).end()
    if (req.url === '/shop') return void res.end(JSON.stringify({ products: [{ id: 'p1' }, { id: 'p2' }] }))
    if (req.url === '/basket/items') {
      const { product, quantity } = JSON.parse(body) as { product: string; quantity: number }
      basket[product] = quantity
    }
    res.end(JSON.stringify({ signedIn: true, account: { id: '1' }, basket: shown(basket) }))
  }
}

function redirectToSignIn(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(303, { location: '/login?next=/account' }).end()
}

function respondAsVisitor(_req: IncomingMessage, res: ServerResponse): void {
  res.end(JSON.stringify({ signedIn: false, account: null, basket: {} }))
}

async function historyOf(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const load = await startBackgroundLoad({ url: `http://127.0.0.1:${port}`, workers: 1, maxMs: 20_000 })
  await load.served(60)
  const history = await load.stop()
  server.close()
  return history
}

import { setTimeout as sleep } from 'node:timers/promises'
import { productsOf, register, type SessionView, sessionOf } from '../actors/actions.ts'
import type { Response } from '../actors/response.ts'
import { createVisitor, type Visitor } from '../actors/visitor.ts'
import { createHistory, type History } from './history.ts'

export interface LoadOptions {
  readonly url: string
  /** Shoppers at work at once, each on a connection of its own; default 12. */
  readonly workers?: number
  /** Milliseconds after which the load ends by itself; default 280,000. */
  readonly maxMs?: number
  /** Milliseconds between two requests of a shopper; default 0. */
  readonly thinkTimeMs?: number
  /** One connection for each shopper (default), or a new one for each request. */
  readonly keepAlive?: boolean
}

/** Signed-in shoppers that read pages and fill their baskets, and record every request. */
export interface BackgroundLoad {
  readonly history: History
  /** Resolves after this many further requests; rejects when the load ends before. */
  served(requests: number): Promise<void>
  /** Ends the load, and compares every basket with the acknowledged changes. */
  stop(): Promise<History>
}

/** Registers the shoppers, then starts them. */
export async function startBackgroundLoad(options: LoadOptions): Promise<BackgroundLoad> {
  const { url, workers = 12, maxMs = 280_000, thinkTimeMs = 0, keepAlive = true } = options
  const history = createHistory()
  const stopping = new AbortController()
  const over = AbortSignal.any([AbortSignal.timeout(maxMs), stopping.signal])
  const shoppers: Shopper[] = []
  for (let number = 1; number <= workers; number++)
    shoppers.push(await createShopper(createVisitor({ name: `Shopper${number}`, url, keepAlive })))
  const work = Promise.all(shoppers.map((shopper) => shop(shopper, history, over, thinkTimeMs)))
  return {
    history,
    async served(requests) {
      const goal = history.entries.length + requests
      while (history.entries.length < goal) {
        if (over.aborted) throw new Error(`the load ended before it had made ${requests} further requests`)
        await sleep(10)
      }
    },
    async stop() {
      if (stopping.signal.aborted) return history
      stopping.abort()
      await work
      for (const shopper of shoppers) await finish(shopper, history)
      return history
    },
  }
}

interface Shopper {
  readonly visitor: Visitor
  readonly products: readonly string[]
  /** The acknowledged quantities; undefined: unknown, since the last request failed. */
  readonly basket: Map<string, number | undefined>
}

async function createShopper(visitor: Visitor): Promise<Shopper> {
  await register(visitor)
  return { visitor, products: (await productsOf(visitor)).slice(0, 5), basket: new Map() }
}

async function shop(shopper: Shopper, history: History, over: AbortSignal, thinkTimeMs: number): Promise<void> {
  for (let count = 0; !over.aborted; count++) {
    if (count % 2 === 0) await put(shopper, history, count / 2)
    else await read(shopper, history, count % 4 === 1 ? '/account' : '/api/session')
    if (thinkTimeMs > 0) await sleep(thinkTimeMs)
  }
}

async function put(shopper: Shopper, history: History, count: number): Promise<void> {
  const product = shopper.products[count % shopper.products.length] ?? ''
  const quantity = 1 + (count % 99)
  const send = () => shopper.visitor.post('/basket/items', { product, quantity }, { json: true })
  const entry = { visitor: shopper.visitor.name, method: 'POST', path: '/basket/items' }
  const isAcknowledged = await record(history, entry, send, statusFault)
  shopper.basket.set(product, isAcknowledged ? quantity : undefined)
}

async function read(shopper: Shopper, history: History, path: string): Promise<void> {
  const isJson = path === '/api/session'
  const send = () => shopper.visitor.get(path, { json: isJson })
  const check = (response: Response) => statusFault(response) ?? (isJson ? sessionFault(shopper, response) : undefined)
  await record(history, { visitor: shopper.visitor.name, method: 'GET', path }, send, check)
}

/** Sends a request and writes it into the history; whether it went well. */
async function record(
  history: History,
  entry: { readonly visitor: string; readonly method: string; readonly path: string },
  send: () => Promise<Response>,
  check: (response: Response) => string | undefined,
): Promise<boolean> {
  const start = performance.now()
  try {
    const response = await send()
    const { status, replica, requestId, durationMs } = response
    const fault = check(response)
    history.write({ ...entry, status, replica, requestId, durationMs, fault })
    return fault === undefined
  } catch (error) {
    const outcome = { status: 0, replica: undefined, requestId: undefined, durationMs: performance.now() - start }
    history.write({ ...entry, ...outcome, fault: `no answer: ${(error as Error).message}` })
    return false
  }
}

function statusFault({ status, headers }: Response): string | undefined {
  if (status === 200) return undefined
  if (status === 401 || String(headers.location).startsWith('/login')) return 'signed in, but answered as a visitor'
  return '200 was expected'
}

/** Read your writes: the next request, on any replica, sees the acknowledged basket. */
function sessionFault(shopper: Shopper, response: Response): string | undefined {
  const view = JSON.parse(response.text) as SessionView
  if (!view.signedIn) return 'signed in, but answered as a visitor'
  const stale = lost(shopper, view)
  return stale.length > 0 ? `an acknowledged change is not there: ${stale.join(', ')}` : undefined
}

function lost({ basket }: Shopper, view: SessionView): string[] {
  return [...basket]
    .filter(([product, quantity]) => quantity !== undefined && view.basket[product] !== quantity)
    .map(([product, quantity]) => `product ${product}: ${quantity} acknowledged, ${view.basket[product] ?? 0} there`)
}

async function finish(shopper: Shopper, history: History): Promise<void> {
  const { visitor } = shopper
  try {
    for (const loss of lost(shopper, await sessionOf(visitor))) history.recordLoss(`  ${visitor.name}, ${loss}`)
  } catch (error) {
    history.recordLoss(`  ${visitor.name} could not look: ${(error as Error).message}`)
  }
  visitor.close()
}

import { setTimeout as pause } from 'node:timers/promises'
import { productsOf, register, type SessionView, sessionOf } from '../actors/actions.ts'
import type { Response } from '../actors/response.ts'
import { createVisitor, type Visitor } from '../actors/visitor.ts'
import { createHistory, type History } from './history.ts'

export interface LoadOptions {
  readonly url: string
  /** How many people act at once, each on a connection of its own; 12 unless told. */
  readonly workers?: number
  /** Milliseconds after which it stops by itself; 280,000 unless told. */
  readonly maxMs?: number
  /** Milliseconds that each person waits between two requests; 0 unless told. */
  readonly thinkTimeMs?: number
  /** One connection for each person (default), or a new one for each request. */
  readonly keepAlive?: boolean
}

/** People who are signed in, look and put things into their baskets all the time, and write everything down. */
export interface BackgroundLoad {
  readonly history: History
  /** Resolves when this many further requests have been answered; fails when the crowd stops before. */
  served(requests: number): Promise<void>
  /** Ends the load, compares every basket with what was acknowledged, and hands over the record. */
  stop(): Promise<History>
}

/** Registers the people, then lets them loose. */
export async function startBackgroundLoad(options: LoadOptions): Promise<BackgroundLoad> {
  const { url, workers = 12, maxMs = 280_000, thinkTimeMs = 0, keepAlive = true } = options
  const history = createHistory()
  const end = AbortSignal.timeout(maxMs)
  const stopping = new AbortController()
  const over = AbortSignal.any([end, stopping.signal])
  const people: Shopper[] = []
  for (let number = 1; number <= workers; number++) people.push(await arrive(`Shopper ${number}`, url, keepAlive))
  const work = Promise.all(people.map((person) => shop(person, history, over, thinkTimeMs)))
  return {
    history,
    async served(requests) {
      const aim = history.entries.length + requests
      while (history.entries.length < aim) {
        if (over.aborted) throw new Error(`the crowd ended before it had made ${requests} further requests`)
        await pause(10)
      }
    },
    async stop() {
      if (stopping.signal.aborted) return history
      stopping.abort()
      await work
      for (const person of people) await leave(person, history)
      return history
    },
  }
}

interface Shopper {
  readonly visitor: Visitor
  readonly products: readonly string[]
  /** What was acknowledged; undefined: the last request about it failed, so either may be. */
  readonly basket: Map<string, number | undefined>
}

async function arrive(name: string, url: string, keepAlive: boolean): Promise<Shopper> {
  const visitor = createVisitor({ name: name.replace(' ', ''), url, keepAlive })
  await register(visitor)
  return { visitor, products: (await productsOf(visitor)).slice(0, 5), basket: new Map() }
}

async function shop(person: Shopper, history: History, over: AbortSignal, thinkTimeMs: number): Promise<void> {
  for (let turn = 0; !over.aborted; turn++) {
    if (turn % 2 === 0) await put(person, history, turn / 2)
    else await look(person, history, turn % 4 === 1 ? '/account' : '/api/session')
    if (thinkTimeMs > 0) await pause(thinkTimeMs)
  }
}

async function put(person: Shopper, history: History, turn: number): Promise<void> {
  const product = person.products[turn % person.products.length] ?? ''
  const quantity = 1 + (turn % 99)
  const ask = () => person.visitor.post('/basket/items', { product, quantity }, { json: true })
  const well = await noted(person, history, 'POST', '/basket/items', ask, (answer) => wrongStatus(answer, 200))
  person.basket.set(product, well ? quantity : undefined)
}

async function look(person: Shopper, history: History, path: string): Promise<void> {
  const ask = () => person.visitor.get(path, { json: path === '/api/session' })
  const check = (answer: Response) =>
    wrongStatus(answer, 200) ?? (path === '/account' ? undefined : wrongView(person, answer))
  await noted(person, history, 'GET', path, ask, check)
}

type Check = (answer: Response) => string | undefined

async function noted(
  { visitor }: Shopper,
  history: History,
  method: string,
  path: string,
  ask: () => Promise<Response>,
  check: Check,
): Promise<boolean> {
  const began = performance.now()
  const about = { who: visitor.name, method, path }
  try {
    const answer = await ask()
    const { status, replica, requestId, durationMs } = answer
    const fault = check(answer)
    history.write({ ...about, status, replica, requestId, durationMs, fault })
    return fault === undefined
  } catch (error) {
    const fault = `no answer: ${error instanceof Error ? error.message : String(error)}`
    const durationMs = performance.now() - began
    history.write({ ...about, status: 0, replica: undefined, requestId: undefined, durationMs, fault })
    return false
  }
}

function wrongStatus({ status, headers }: Response, wanted: number): string | undefined {
  if (status === wanted) return undefined
  if (status === 401 || String(headers.location).startsWith('/login')) return 'signed in, but answered as a visitor'
  return `${wanted} was expected`
}

/** Reading one's own writes: the next request, on whichever replica, knows the basket that was acknowledged. */
function wrongView(person: Shopper, answer: Response): string | undefined {
  const view = JSON.parse(answer.text) as SessionView
  if (!view.signedIn) return 'signed in, but answered as a visitor'
  const stale = lost(person, view)
  return stale.length > 0 ? `an acknowledged change is not there: ${stale.join(', ')}` : undefined
}

function lost({ basket }: Shopper, view: SessionView): string[] {
  return [...basket]
    .filter(([product, quantity]) => quantity !== undefined && view.basket[product] !== quantity)
    .map(([product, quantity]) => `product ${product}: ${quantity} acknowledged, ${view.basket[product] ?? 0} there`)
}

async function leave(person: Shopper, history: History): Promise<void> {
  const { visitor } = person
  try {
    for (const loss of lost(person, await sessionOf(visitor))) history.recordLoss(`  ${visitor.name}, ${loss}`)
  } catch (error) {
    history.recordLoss(`  ${visitor.name} could not look: ${error instanceof Error ? error.message : String(error)}`)
  }
  visitor.close()
}

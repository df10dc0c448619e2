import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPool } from '../../src/database/pool.ts'
import { increment, put, remove } from './content.ts'
import { createConnectPgSimpleStore } from './stores/connect-pg-simple.ts'
import { createRoundhouseStore } from './stores/roundhouse.ts'
import type { OpenedSession, TestedStore } from './stores/store.ts'
import type { Operation, Outcome, StoreName } from './workloads/workload.ts'

/** One replica. The process is given what it needs as JSON in its first argument. */
export interface WorkerSettings {
  readonly url: string
  /** As Postgres shows its connections. */
  readonly name: string
}
export type WorkerCommand =
  | { readonly kind: 'open'; readonly store: StoreName; readonly acts: readonly Operation[] }
  | { readonly kind: 'act' }
export type WorkerMessage =
  | { readonly kind: 'ready' | 'opened' }
  | { readonly kind: 'outcome'; readonly id: string; readonly outcome: Outcome }

/** Milliseconds at most by which half of the acts begin later than the others. */
const STAGGER = 4

const { url, name } = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings
const pool = createPool({ url, name, size: 6, connectTimeoutMs: 20_000, queryTimeoutMs: 20_000 })
const stores: Readonly<Record<StoreName, TestedStore>> = {
  stock: createConnectPgSimpleStore(pool),
  own: createRoundhouseStore(pool),
}
let store = stores.stock
let round: { act: Operation; visit: OpenedSession | undefined }[] = []

process.on('disconnect', () => process.exit(0))
process.on('message', (order: WorkerCommand) => {
  if (order.kind === 'open') void open(order.store, order.acts)
  else for (const { act, visit } of round) void attempt(act, visit)
})
await pool.query('SELECT 1')
tell({ kind: 'ready' })

async function open(name: StoreName, acts: readonly Operation[]): Promise<void> {
  store = stores[name]
  round = await Promise.all(
    acts.map(async (act) => ({ act, visit: act.late ? undefined : await store.open(act.sid).catch(() => undefined) })),
  )
  tell({ kind: 'opened' })
}

async function attempt(act: Operation, opened: OpenedSession | undefined): Promise<void> {
  if (Math.random() < 0.5) await sleep(Math.random() * STAGGER)
  tell({ kind: 'outcome', id: act.id, outcome: await outcomeOf(act, opened) })
}

async function outcomeOf(act: Operation, opened: OpenedSession | undefined): Promise<Outcome> {
  try {
    const visit = opened ?? (await store.open(act.sid))
    if (visit === undefined) return { state: 'absent' }
    const sid = await perform(act, visit)
    return sid === undefined ? { state: 'done' } : { state: 'done', sid }
  } catch (error) {
    const { name, message, cause } = error as Error
    if (name === 'SessionEnded') return { state: 'refused' }
    return { state: 'failed', error: `${name}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}` }
  }
}

/** Answers with the new id where there is one. */
async function perform(act: Operation, visit: OpenedSession): Promise<string | undefined> {
  switch (act.verb) {
    case 'put':
      return void (await store.change(visit, (content) => put(content, act.path, act.value)))
    case 'remove':
      return void (await store.change(visit, (content) => remove(content, act.path)))
    case 'increment':
      return void (await store.update(visit, (content) => increment(content, act.path)))
    case 'rename':
      return await store.rename(visit, act.live, (content) => put(content, act.path, act.value))
    case 'endOthers':
      return void (await store.endOthers(visit, act.account))
    default:
      return void (await store[act.verb](visit))
  }
}

function tell(news: WorkerMessage): void {
  process.send?.(news)
}

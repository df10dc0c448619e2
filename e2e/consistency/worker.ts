import { setTimeout as sleep } from 'node:timers/promises'
import { createPool } from '../../src/database/pool.ts'
import { handleRequests, workerSettings } from '../../test-support/worker-process.ts'
import { incrementAt, type Operation, type Outcome, removeAt, setAt } from './operation.ts'
import {
  createConnectPgSimpleStore,
  createRoundhouseStore,
  type OpenedSession,
  type StoreName,
  type TestedStore,
} from './stores.ts'

/** One replica, in a process of its own. */
export interface WorkerSettings {
  readonly url: string
  /** The application name of its connections. */
  readonly name: string
}

/** `open` reads the sessions of a round; `run` then runs its operations, and emits each outcome. */
export type WorkerRequest =
  | { readonly kind: 'connect' }
  | { readonly kind: 'open'; readonly store: StoreName; readonly operations: readonly Operation[] }
  | { readonly kind: 'run' }

export interface OutcomeMessage {
  readonly id: string
  readonly outcome: Outcome
}

/** Half of the operations start up to so much later than the others. */
const MAX_DELAY_MS = 4

const pool = createPool({
  ...workerSettings<WorkerSettings>(),
  size: 6,
  connectTimeoutMs: 20_000,
  queryTimeoutMs: 20_000,
})
const stores: Readonly<Record<StoreName, TestedStore>> = {
  'connect-pg-simple': createConnectPgSimpleStore(pool),
  roundhouse: createRoundhouseStore(pool),
}
let store = stores.roundhouse
let round: (readonly [Operation, OpenedSession | undefined])[] = []

handleRequests(async (request: WorkerRequest, emit) => {
  if (request.kind === 'connect') await pool.query('SELECT 1')
  else if (request.kind === 'open') await open(request.store, request.operations)
  else await Promise.all(round.map(async ([operation, opened]) => emit(await run(operation, opened))))
})

async function open(name: StoreName, operations: readonly Operation[]): Promise<void> {
  store = stores[name]
  round = await Promise.all(
    operations.map(async (operation) => {
      const opened = operation.late ? undefined : await store.open(operation.sid).catch(() => undefined)
      return [operation, opened] as const
    }),
  )
}

async function run(operation: Operation, opened: OpenedSession | undefined): Promise<OutcomeMessage> {
  if (Math.random() < 0.5) await sleep(Math.random() * MAX_DELAY_MS)
  return { id: operation.id, outcome: await outcomeOf(operation, opened) }
}

async function outcomeOf(operation: Operation, openedBefore: OpenedSession | undefined): Promise<Outcome> {
  try {
    const opened = openedBefore ?? (await store.open(operation.sid))
    if (opened === undefined) return { state: 'absent' }
    const sid = await perform(operation, opened)
    return sid === undefined ? { state: 'done' } : { state: 'done', sid }
  } catch (error) {
    const { name, message, cause } = error as Error
    if (name === 'SessionEnded') return { state: 'refused' }
    return { state: 'failed', error: `${name}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}` }
  }
}

/** Resolves with the new id, if there is one. */
async function perform(operation: Operation, opened: OpenedSession): Promise<string | undefined> {
  switch (operation.kind) {
    case 'set':
      return void (await store.change(opened, (content) => setAt(content, operation.path, operation.value)))
    case 'remove':
      return void (await store.change(opened, (content) => removeAt(content, operation.path)))
    case 'increment':
      return void (await store.update(opened, (content) => incrementAt(content, operation.path)))
    case 'rotateId':
      return await store.rotateId(opened, operation.mustBeLive, (content) =>
        setAt(content, operation.path, operation.value),
      )
    case 'revokeOthers':
      return void (await store.revokeOthers(opened, operation.account))
    default:
      return void (await store[operation.kind](opened))
  }
}

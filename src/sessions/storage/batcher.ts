/** Asks for one key; those that are asked for at the same time share one question. */
export type Batched<Key, Value> = (key: Key) => Promise<Value>

/** One hung statement must not stall a replica, and many would take the pool from everything else. */
const MAX_IN_FLIGHT = 2
/** Milliseconds after which a batch that is still on its way no longer holds up the next, unless told: until then waiting makes fewer, larger ones. */
const STALL_MS = 30
/** As many as a statement takes without growing slow. */
const MAX_BATCH_SIZE = 500

interface Caller<Key, Value> {
  readonly key: Key
  readonly queuedAt: number
  readonly resolve: (value: Value | Promise<Value>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Joins questions that wait at the same time: those of one turn of the event loop go out together, and while a batch is on its
 * way the next gathers. `patience`: milliseconds from the question to its answer or failure. Nothing is remembered from one batch to the next. A failed batch fails each of its waiters; `work` answers in the order of the keys, also with a promise of its own for each.
 */
export function createBatcher<Key, Value>(
  runBatch: (keys: readonly Key[], timeoutMs: number) => Promise<readonly (Value | Promise<Value>)[]>,
  timeoutMs: number,
  stallMs = STALL_MS,
): Batched<Key, Value> {
  const queue: Caller<Key, Value>[] = []
  let inFlight = 0
  let scheduled = false
  let sentAt = 0
  let stallTimer: NodeJS.Timeout | undefined

  function schedule(): void {
    if (scheduled || queue.length === 0 || inFlight >= MAX_IN_FLIGHT) return
    const untilStallMs = inFlight > 0 ? stallMs - (performance.now() - sentAt) : 0
    if (untilStallMs <= 0) {
      scheduled = true
      setImmediate(send)
    } else stallTimer ??= setTimeout(wake, untilStallMs)
  }

  function wake(): void {
    stallTimer = undefined
    schedule()
  }

  function send(): void {
    scheduled = false
    clearTimeout(stallTimer)
    stallTimer = undefined
    sentAt = performance.now()
    const batch = queue.splice(0, MAX_BATCH_SIZE)
    inFlight++
    // Whoever has waited longest says how long it may take: behind a hung batch that is less.
    const waitedMs = performance.now() - (batch[0]?.queuedAt ?? 0)
    const keys = batch.map(({ key }) => key)
    runBatch(keys, Math.max(1, timeoutMs - waitedMs))
      .then((values) => resolveAll(batch, values))
      .catch((error) => {
        for (const { reject } of batch) reject(error)
      })
      .finally(() => {
        inFlight--
        schedule()
      })
    schedule()
  }

  return (key) =>
    new Promise((resolve, reject) => {
      queue.push({ key, queuedAt: performance.now(), resolve, reject })
      schedule()
    })
}

function resolveAll<Key, Value>(
  batch: readonly Caller<Key, Value>[],
  values: readonly (Value | Promise<Value>)[],
): void {
  if (values.length !== batch.length) throw new Error(`${values.length} answers to ${batch.length} questions`)
  for (const [index, { resolve }] of batch.entries()) resolve(values[index] as Value)
}

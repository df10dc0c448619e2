/** Asks for one key; those that are asked for at the same time share one question. */
export type Ask<Key, Value> = (key: Key) => Promise<Value>

/** One hung statement must not stall a replica, and many would take the pool from everything else. */
const IN_FLIGHT = 2
/** Milliseconds after which a batch that is still on its way no longer holds up the next, unless told: until then waiting makes fewer, larger ones. */
const OVERDUE = 30
/** As many as a statement takes without growing slow. */
const LARGEST = 500

interface Waiter<Key, Value> {
  readonly key: Key
  readonly since: number
  readonly resolve: (value: Value | Promise<Value>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Joins questions that wait at the same time: those of one turn of the event loop go out together, and while a batch is on its
 * way the next gathers. `patience`: milliseconds from the question to its answer or failure. Nothing is remembered from one batch to the next. A failed batch fails each of its waiters; `work` answers in the order of the keys, also with a promise of its own for each.
 */
export function createBatches<Key, Value>(
  work: (keys: readonly Key[], patience: number) => Promise<readonly (Value | Promise<Value>)[]>,
  patience: number,
  overdueAfter = OVERDUE,
): Ask<Key, Value> {
  const waiting: Waiter<Key, Value>[] = []
  let inFlight = 0
  let scheduled = false
  let sent = 0
  let overdue: NodeJS.Timeout | undefined

  function schedule(): void {
    if (scheduled || waiting.length === 0 || inFlight >= IN_FLIGHT) return
    const early = inFlight > 0 ? overdueAfter - (performance.now() - sent) : 0
    if (early <= 0) {
      scheduled = true
      setImmediate(send)
    } else overdue ??= setTimeout(wake, early)
  }

  function wake(): void {
    overdue = undefined
    schedule()
  }

  function send(): void {
    scheduled = false
    clearTimeout(overdue)
    overdue = undefined
    sent = performance.now()
    const batch = waiting.splice(0, LARGEST)
    inFlight++
    // Whoever has waited longest says how long it may take: behind a hung batch that is less.
    const waited = performance.now() - (batch[0]?.since ?? 0)
    const keys = batch.map(({ key }) => key)
    work(keys, Math.max(1, patience - waited))
      .then((values) => answer(batch, values))
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
      waiting.push({ key, since: performance.now(), resolve, reject })
      schedule()
    })
}

function answer<Key, Value>(batch: readonly Waiter<Key, Value>[], values: readonly (Value | Promise<Value>)[]): void {
  if (values.length !== batch.length) throw new Error(`${values.length} answers to ${batch.length} questions`)
  for (const [index, { resolve }] of batch.entries()) resolve(values[index] as Value)
}

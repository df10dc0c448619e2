/** One operation; concurrent calls share a batch. */
export type Batched<Key, Value> = (key: Key) => Promise<Value>

/** One hung statement must not stall a replica. More would use up the connection pool. */
const MAX_IN_FLIGHT = 2
/** Then the next batch no longer waits for the one in flight. Waiting makes batches larger. */
const STALL_MS = 30
const MAX_BATCH_SIZE = 500

interface Caller<Key, Value> {
  readonly key: Key
  readonly queuedAt: number
  readonly resolve: (value: Value | Promise<Value>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Batches concurrent calls (like dataloader, without its cache). Keys of the same event-loop turn
 * share a batch; while one is in flight the next one collects. If a batch fails, all its callers
 * reject. `runBatch` returns values, or promises, in the order of the keys. `timeoutMs` counts from
 * the call.
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
    // The oldest caller sets the timeout: its time behind a hung batch counts.
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
  if (values.length !== batch.length) throw new Error(`a batch of ${batch.length} returned ${values.length} values`)
  for (const [index, { resolve }] of batch.entries()) resolve(values[index] as Value)
}

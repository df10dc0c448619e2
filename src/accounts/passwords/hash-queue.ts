import { unavailable } from '../../runtime/errors.ts'

export interface HashQueueOptions {
  /** How many run at the same time; default 2: libuv's four threads also serve DNS and files. */
  readonly concurrency?: number
  /** How many may wait behind them; default 16, which are served in under half a second. */
  readonly waiting?: number
  /** The longest wait in milliseconds; default 5 000. */
  readonly timeoutMs?: number
}

/** A short line before work that is dear. */
export interface HashQueue {
  /**
   * Runs the work when its turn comes; throws `unavailable` where the line is full or the wait too long. Of one `key` only one
   * runs at a time, the others let those behind them pass: guesses at one account never take every place.
   */
  run<Value>(work: () => Promise<Value>, key?: string): Promise<Value>
  /** How many run and how many wait, now. */
  counts(): { readonly running: number; readonly waiting: number }
}

interface Waiting {
  readonly key: string | undefined
  readonly enter: () => void
}

/** Makes a line: the work that does not fit is refused at once, instead of making all wait longer and longer. */
export function createHashQueue({
  concurrency = 2,
  waiting = 16,
  timeoutMs = 5_000,
}: HashQueueOptions = {}): HashQueue {
  let running = 0
  const keys = new Set<string>()
  const queue = new Set<Waiting>()

  const mayStart = (key: string | undefined) => running < concurrency && (key === undefined || !keys.has(key))

  function start(key: string | undefined): void {
    running += 1
    if (key !== undefined) keys.add(key)
  }

  function turn(key: string | undefined): Promise<void> {
    if (mayStart(key)) return Promise.resolve(start(key))
    if (queue.size >= waiting) return Promise.reject(busy())
    return new Promise((resolve, reject) => {
      const place: Waiting = { key, enter: () => resolve(clearTimeout(timer)) }
      const timer = setTimeout(() => {
        queue.delete(place)
        reject(busy())
      }, timeoutMs)
      queue.add(place)
    })
  }

  function leave(key: string | undefined): void {
    running -= 1
    if (key !== undefined) keys.delete(key)
    const next = [...queue].find((place) => mayStart(place.key))
    if (next === undefined) return
    queue.delete(next)
    start(next.key)
    next.enter()
  }

  return {
    async run(work, key) {
      await turn(key)
      try {
        return await work()
      } finally {
        leave(key)
      }
    },
    counts: () => ({ running, waiting: queue.size }),
  }
}

function busy() {
  return unavailable('Too many people are signing in at this moment. Please try again in a few seconds.')
}

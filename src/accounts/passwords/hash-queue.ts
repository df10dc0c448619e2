import { unavailable } from '../../runtime/errors.ts'

export interface HashQueueOptions {
  /** Default 2: libuv's four threads also serve DNS and files. */
  readonly concurrency?: number
  /** Default 16, which take less than half a second. */
  readonly waiting?: number
  /** Default 5,000. */
  readonly timeoutMs?: number
}

/** Bounded queue in front of expensive work. */
export interface HashQueue {
  /**
   * Throws `unavailable` where the queue is full, or after the timeout. Work with the same `key`
   * runs one at a time and lets others pass, so guesses at one account never take every place.
   */
  run<Value>(work: () => Promise<Value>, key?: string): Promise<Value>
  counts(): { readonly running: number; readonly waiting: number }
}

interface Waiting {
  readonly key: string | undefined
  readonly enter: () => void
}

/** Refuses at once what does not fit, so that waits stay short. */
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

  function enter(key: string | undefined): Promise<void> {
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
      await enter(key)
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

import { unavailable } from '../runtime/errors.ts'

export interface LineOptions {
  /** How many run at the same time; default 2: libuv's four threads also serve DNS and files. */
  readonly atOnce?: number
  /** How many may wait behind them; default 16, which are served in under half a second. */
  readonly waiting?: number
  /** The longest wait in milliseconds; default 5 000. */
  readonly patience?: number
}

/** A short line before work that is dear. */
export interface Line {
  /** Runs the work when its turn comes; throws `unavailable` where the line is full or the wait too long. */
  run<Value>(work: () => Promise<Value>): Promise<Value>
  /** How many run and how many wait, now. */
  counts(): { readonly running: number; readonly waiting: number }
}

/** Makes a line: the work that does not fit is refused at once, instead of making all wait longer and longer. */
export function createLine({ atOnce = 2, waiting = 16, patience = 5_000 }: LineOptions = {}): Line {
  let running = 0
  const queue = new Set<() => void>()

  async function turn(): Promise<void> {
    if (running < atOnce) {
      running += 1
      return
    }
    if (queue.size >= waiting) throw busy()
    // Whoever leaves hands the place over, so `running` stays as it is.
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        queue.delete(enter)
        reject(busy())
      }, patience)
      queue.add(enter)
    })
  }

  function leave(): void {
    const [next] = queue
    if (next === undefined) {
      running -= 1
      return
    }
    queue.delete(next)
    next()
  }

  return {
    async run(work) {
      await turn()
      try {
        return await work()
      } finally {
        leave()
      }
    },
    counts: () => ({ running, waiting: queue.size }),
  }
}

function busy() {
  return unavailable('Too many people are signing in at this moment. Please try again in a few seconds.')
}

import type { Pool } from '../database/pool.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { takeTurn } from './claim.ts'

/** Something that one replica does for all, now and then. */
export interface Chore {
  readonly name: string
  /** Milliseconds from one turn to the next. */
  readonly every: number
  /** Resolves with how many things it removed. */
  readonly work: () => Promise<number>
}

export interface UpkeepOptions {
  readonly pool: Pool
  readonly chores: readonly Chore[]
  readonly log: Log
  readonly metrics: Metrics
}

/** How often a replica asks whether it has a turn. */
const ASK = 60_000

/** Begins to ask for turns; returns what ends it. A chore that fails is told, and comes again with its next turn. */
export function startUpkeep(options: UpkeepOptions): () => void {
  for (const { name } of options.chores) options.metrics.expects(name)
  // Not all replicas in one second: they are often started together.
  const first = setTimeout(round, Math.random() * ASK).unref()
  const timer = setInterval(round, ASK).unref()

  async function round(): Promise<void> {
    for (const chore of options.chores) await runChore(chore, options)
  }

  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}

/** One try: does the chore if it is this replica's turn. */
export async function runChore(
  { name, every, work }: Chore,
  { pool, log, metrics }: Omit<UpkeepOptions, 'chores'>,
): Promise<void> {
  try {
    if (!(await takeTurn(pool, name, every))) return
    const removed = await work()
    metrics.removed(name, removed)
    log.info('upkeep done', { chore: name, removed })
  } catch (error) {
    log.warn('upkeep failed', { chore: name, error })
  }
}

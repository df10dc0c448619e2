import type { Pool } from '../database/pool.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { claimRun } from './claim.ts'

/** Something that one replica does for all, now and then. */
export interface Job {
  readonly name: string
  /** Milliseconds from one turn to the next. */
  readonly intervalMs: number
  /** Resolves with how many things it removed. */
  readonly work: () => Promise<number>
}

export interface SchedulerOptions {
  readonly pool: Pool
  readonly jobs: readonly Job[]
  readonly log: Log
  readonly metrics: Metrics
}

/** How often a replica asks whether it has a turn. */
const POLL_MS = 60_000

/** Begins to ask for turns; returns what ends it. A chore that fails is told, and comes again with its next turn. */
export function startScheduler(options: SchedulerOptions): () => void {
  for (const { name } of options.jobs) options.metrics.registerJob(name)
  // Not all replicas in one second: they are often started together.
  const first = setTimeout(poll, Math.random() * POLL_MS).unref()
  const timer = setInterval(poll, POLL_MS).unref()

  async function poll(): Promise<void> {
    for (const job of options.jobs) await runJob(job, options)
  }

  return () => {
    clearTimeout(first)
    clearInterval(timer)
  }
}

/** One try: does the chore if it is this replica's turn. */
export async function runJob(
  { name, intervalMs, work }: Job,
  { pool, log, metrics }: Omit<SchedulerOptions, 'jobs'>,
): Promise<void> {
  try {
    if (!(await claimRun(pool, name, intervalMs))) return
    const removed = await work()
    metrics.jobDone(name, removed)
    log.info('job done', { job: name, removed })
  } catch (error) {
    log.warn('job failed', { job: name, error })
  }
}

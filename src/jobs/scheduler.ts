import type { Pool } from '../database/pool.ts'
import type { Log } from '../runtime/log.ts'
import type { Metrics } from '../runtime/metrics.ts'
import { claimRun } from './claim.ts'

export interface Job {
  readonly name: string
  readonly intervalMs: number
  /** Returns how many rows it removed. */
  readonly work: () => Promise<number>
}

export interface SchedulerOptions {
  readonly pool: Pool
  readonly jobs: readonly Job[]
  readonly log: Log
  readonly metrics: Metrics
}

const POLL_MS = 60_000

/** Returns a function that stops it. A failed job is logged, and runs again after its interval. */
export function startScheduler(options: SchedulerOptions): () => void {
  for (const { name } of options.jobs) options.metrics.registerJob(name)
  // Random: replicas often start together.
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

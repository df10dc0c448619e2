import type { Pool } from '../database/pool.ts'

/**
 * Whether this replica may begin a chore now: of all that ask, one is told yes in each `every` milliseconds. It decides who begins, not that
 * nobody else is still at work, so a chore is small, batched and safe to run twice.
 */
export async function claimRun(pool: Pool, job: string, intervalMs: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO job_run (job, last_run_at) VALUES ($1, now())
     ON CONFLICT (job) DO UPDATE SET last_run_at = now()
      WHERE job_run.last_run_at <= now() - $2 * interval '1 millisecond'`,
    [job, intervalMs],
  )
  return rowCount === 1
}

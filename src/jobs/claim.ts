import type { Pool } from '../database/pool.ts'

/**
 * Whether this replica may start the job: one claim wins in each interval. An earlier run may still
 * be in progress, so a job must be batched and safe to run twice.
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

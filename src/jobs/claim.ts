import type { Pool } from '../database/pool.ts'

/**
 * Whether this replica may begin a chore now: of all that ask, one is told yes in each `every` milliseconds. It decides who begins, not that
 * nobody else is still at work, so a chore is small, batched and safe to run twice.
 */
export async function takeTurn(pool: Pool, chore: string, every: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `INSERT INTO turn (chore, taken) VALUES ($1, now())
     ON CONFLICT (chore) DO UPDATE SET taken = now() WHERE turn.taken <= now() - $2 * interval '1 millisecond'`,
    [chore, every],
  )
  return rowCount === 1
}

import type { PostgresSessionStore } from '../request/session-store.ts'

/** Keeps each statement short. */
const BATCH_SIZE = 1000

/**
 * Returns how many were removed. Skips locked rows, so several may run at once. `exclusively`: only
 * while no other process does the same.
 */
export async function removeExpiredSessions(
  { table }: PostgresSessionStore,
  { exclusively = false } = {},
): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await table.deleteExpired(BATCH_SIZE, exclusively)
    removed += batch
    if (batch < BATCH_SIZE) return removed
  }
}

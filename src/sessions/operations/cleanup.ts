import type { PostgresSessionStore } from '../request/session-store.ts'

/** Small enough that no statement takes long. */
const BATCH = 1000

/** Removes sessions that have expired, in batches that wait for nobody; resolves with how many. Safe to run twice, and at once. */
export async function removeExpiredSessions({ table }: PostgresSessionStore): Promise<number> {
  let removed = 0
  for (;;) {
    const batch = await table.deleteExpired(BATCH)
    removed += batch
    if (batch < BATCH) return removed
  }
}

import type { Pool } from './pool.ts'

export interface Announcement {
  readonly name: string
  readonly version: string
  readonly startedAt: Date
}

export interface KnownReplica extends Announcement {
  readonly lastSeenAt: Date
}

/** Also deletes replicas unseen for a day: containers get a new name with every deploy. */
export async function announceReplica(pool: Pool, replica: Announcement): Promise<void> {
  await upsertReplica(pool, replica)
  await deleteOldReplicas(pool)
}

/** Sorted by name. */
export async function recentReplicas(pool: Pool, withinMs: number): Promise<KnownReplica[]> {
  const { rows } = await pool.query<KnownReplica>(
    `SELECT name, version, started_at AS "startedAt", last_seen_at AS "lastSeenAt" FROM replica
      WHERE last_seen_at > now() - $1 * interval '1 millisecond'
      ORDER BY length(name), name`,
    [withinMs],
  )
  return rows
}

async function upsertReplica(pool: Pool, { name, version, startedAt }: Announcement): Promise<void> {
  await pool.query(
    `INSERT INTO replica (name, version, started_at, last_seen_at) VALUES ($1, $2, $3, now())
     ON CONFLICT (name) DO UPDATE
       SET version = excluded.version, started_at = excluded.started_at, last_seen_at = excluded.last_seen_at`,
    [name, version, startedAt],
  )
}

/** In one statement with the upsert, replicas would deadlock. */
async function deleteOldReplicas(pool: Pool): Promise<void> {
  await pool.query(
    `DELETE FROM replica WHERE name IN (
       SELECT name FROM replica WHERE last_seen_at < now() - interval '1 day' FOR UPDATE SKIP LOCKED)`,
  )
}

import type { Pool } from './pool.ts'

export interface Replica {
  readonly name: string
  readonly version: string
  /** When its process became ready. */
  readonly since: Date
}

export interface SeenReplica extends Replica {
  readonly seen: Date
}

/** Says that this replica is there, and forgets those unseen for a day: containers bring a new name with every deploy. */
export async function announceReplica(pool: Pool, replica: Replica): Promise<void> {
  await upsertReplica(pool, replica)
  await forgetReplicas(pool)
}

/** The replicas seen within the last `within` milliseconds, by name. */
export async function replicasSeen(pool: Pool, within: number): Promise<SeenReplica[]> {
  const { rows } = await pool.query<SeenReplica>(
    `SELECT name, version, since, seen FROM replica
      WHERE seen > now() - $1 * interval '1 millisecond'
      ORDER BY length(name), name`,
    [within],
  )
  return rows
}

async function upsertReplica(pool: Pool, { name, version, since }: Replica): Promise<void> {
  await pool.query(
    `INSERT INTO replica (name, version, since, seen) VALUES ($1, $2, $3, now())
     ON CONFLICT (name) DO UPDATE SET version = excluded.version, since = excluded.since, seen = excluded.seen`,
    [name, version, since],
  )
}

/** Never in one statement with the upsert: replicas that wake together after a day would each hold what the other waits for. */
async function forgetReplicas(pool: Pool): Promise<void> {
  await pool.query(
    `DELETE FROM replica WHERE name IN (
       SELECT name FROM replica WHERE seen < now() - interval '1 day' FOR UPDATE SKIP LOCKED)`,
  )
}

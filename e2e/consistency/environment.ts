import { createPool } from '../../src/database/pool.ts'
import { openSessionRows, type SessionRows } from './stores/session-rows.ts'
import { WorkerPool } from './worker-pool.ts'

/** Where races are held: a database whose sessions are nobody's, and replicas over it. */
export interface ConsistencyEnvironment {
  readonly table: SessionRows
  readonly workers: WorkerPool
  close(): Promise<void>
}

/** `url`: of a migrated database. `size`: worker processes, default 3. */
export async function openConsistencyEnvironment(url: string, size = 3): Promise<ConsistencyEnvironment> {
  const pool = createPool({ url, name: 'races', size: 2 })
  const table = openSessionRows(pool)
  try {
    const workers = await WorkerPool.start({ url, size, table })
    return {
      table,
      workers,
      async close() {
        await workers.stop()
        await pool.end()
      },
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

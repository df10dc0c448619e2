import { createPool } from '../../src/database/pool.ts'
import { openSessionTable, type SessionTable } from './stores/session-rows.ts'
import { Crew } from './worker-pool.ts'

/** Where races are held: a database whose sessions are nobody's, and replicas over it. */
export interface Track {
  readonly table: SessionTable
  readonly crew: Crew
  close(): Promise<void>
}

/** `url`: of a migrated database. `workers`: processes, default 3. */
export async function openTrack(url: string, workers = 3): Promise<Track> {
  const pool = createPool({ url, name: 'races', size: 2 })
  const table = openSessionTable(pool)
  try {
    const crew = await Crew.start({ url, size: workers, table })
    return {
      table,
      crew,
      async close() {
        await crew.stop()
        await pool.end()
      },
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

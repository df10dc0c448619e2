import type { Pool } from 'pg'
import { STATISTICS } from '../storage/sql.ts'

export interface Statistics {
  /** Sessions that have not expired. */
  readonly live: number
  /** Those of them in which somebody is signed in. */
  readonly signedIn: number
  /** Expired, and waiting for removal. */
  readonly expired: number
  /** Size of the table with its indexes. */
  readonly bytes: number
}

/** Reads the table whole: for a page or a command, not for every request. */
export function createStatistics(pool: Pool): { read(): Promise<Statistics> } {
  return {
    async read() {
      const row = (await pool.query(STATISTICS)).rows[0]
      return { live: row.live, signedIn: row.signed_in, expired: row.expired, bytes: row.bytes }
    },
  }
}

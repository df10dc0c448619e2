import type { Pool } from 'pg'
import { statementsFor } from '../storage/sql.ts'
import type { TableName } from '../storage/table-name.ts'

export interface Statistics {
  readonly live: number
  /** Live sessions with an account. */
  readonly signedIn: number
  /** Expired and not yet removed. */
  readonly expired: number
  /** Size of the table and its indexes. */
  readonly bytes: number
}

/** Scans the whole table: not for every request. */
export function createStatistics(pool: Pool, table?: TableName): { read(): Promise<Statistics> } {
  return {
    async read() {
      const row = (await pool.query(statementsFor(table).STATISTICS)).rows[0]
      return { live: row.live, signedIn: row.signed_in, expired: row.expired, bytes: row.bytes }
    },
  }
}

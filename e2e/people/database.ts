import pg from 'pg'
import { rowsMovedBack } from './time.ts'

export type Row = Readonly<Record<string, unknown>>

/** Somebody with psql: looks into the tables, and moves time. */
export interface Database {
  rows(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** How many rows each table of the schema has, by name. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** How many sessions there are. */
  sessions(): Promise<number>
  /** Makes every session older by this much, its expiry and what it holds. */
  age(milliseconds: number): Promise<void>
  close(): Promise<void>
}

export function openDatabase(url: string): Database {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'e2e' })
  // A restart of Postgres ends idle connections; the next query makes a new one.
  pool.on('error', () => {})
  const rows = async (sql: string, values: readonly unknown[] = []) => (await pool.query<Row>(sql, [...values])).rows
  return {
    rows,
    counts: () => countAll(rows),
    sessions: async () => Number((await rows('SELECT count(*) AS count FROM session'))[0]?.count),
    age: (milliseconds) => rowsMovedBack(rows, milliseconds),
    close: () => pool.end(),
  }
}

async function countAll(rows: Database['rows']): Promise<Record<string, number>> {
  const tables = await rows(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const [row] = await rows(`SELECT count(*) AS count FROM ${name}`)
    counts[String(name)] = Number(row?.count)
  }
  return counts
}

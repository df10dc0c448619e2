import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { literal, quotedNames, type TableName } from '../storage/table-name.ts'
import { type MigrationFile, migrationFiles } from './migration-files.ts'

export interface MigrateSessionsOptions extends TableName {
  /** Direct, not through a pooler in transaction mode: the lock belongs to the connection. */
  readonly pool: Pool
  /** Called for each step, and for what an operator must know. Default: nothing. */
  readonly onProgress?: (line: string) => void
}

/**
 * Creates or completes the table and what belongs to it. It only adds, so it may run beside
 * connect-pg-simple. Concurrent calls wait for each other. Returns the names of the steps that ran.
 */
export async function migrateSessions(options: MigrateSessionsOptions): Promise<readonly string[]> {
  const { pool, onProgress = () => {} } = options
  if ((await missingObjects(pool, options)).length === 0) return []
  const client = await pool.connect()
  try {
    await client.query('SET statement_timeout = 0')
    await takeLock(client, options, onProgress)
    const missing = await missingObjects(client, options)
    await warnOfOtherTables(client, options, onProgress)
    const ran: string[] = []
    for (const file of await migrationFiles(options)) {
      if (!missing.some(({ step }) => file.name.startsWith(step))) continue
      await runFile(client, file)
      ran.push(file.name)
      onProgress(`migrated ${file.name}`)
    }
    return ran
  } finally {
    // Discards the connection, and with it the lock and the setting.
    client.release(true)
  }
}

export interface MissingObject {
  readonly what: string
  /** The number of the file that makes it. */
  readonly step: string
}

type Queryable = Pick<Pool, 'query'>

/** What this version needs of the database and does not find. */
export async function missingObjects(db: Queryable, table: TableName): Promise<readonly MissingObject[]> {
  const { session, tombstone, zone } = quotedNames(table)
  const { tableName = 'session' } = table
  const { rows } = await db.query(
    `SELECT to_regclass($1) IS NOT NULL AS session, to_regclass($2) IS NOT NULL AS tombstone,
            to_regprocedure($3) IS NOT NULL AS zone,
            (SELECT count(*)::int FROM pg_attribute WHERE attrelid = to_regclass($1)
                AND attname IN ('account', 'absolute_expire') AND NOT attisdropped) = 2 AS columns,
            EXISTS (SELECT FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
                     WHERE indrelid = to_regclass($1) AND relname = $4 AND indisvalid) AS index`,
    [session, tombstone, `${zone}()`, `${tableName}_account`],
  )
  const found = rows[0] as Record<string, boolean>
  const needed: readonly [string, string, string][] = [
    ['session', `the table ${session}`, '0001'],
    ['columns', `columns of the table ${session}`, '0001'],
    ['tombstone', `the table ${tombstone}`, '0001'],
    ['zone', `the function ${zone}()`, '0001'],
    ['index', `the index of accounts on ${session}`, '0002'],
  ]
  return needed.filter(([key]) => found[key] !== true).map(([, what, step]) => ({ what, step }))
}

async function runFile(client: PoolClient, { text, transaction }: MigrationFile): Promise<void> {
  if (!transaction) {
    await client.query(text)
    return
  }
  await client.query('BEGIN')
  await client.query(text)
  await client.query('COMMIT')
}

// Polls. CREATE INDEX CONCURRENTLY waits for every running statement, so a blocking
// pg_advisory_lock of another migration would be a deadlock.
async function takeLock(client: PoolClient, table: TableName, onProgress: (line: string) => void): Promise<void> {
  const key = `hashtextextended(${literal(quotedNames(table).session)}, 7060215002)`
  for (let tries = 0; ; tries++) {
    const { rows } = await client.query(`SELECT pg_try_advisory_lock(${key}) AS taken`)
    if (rows[0].taken === true) return
    if (tries === 4) onProgress('waiting for another migration to end')
    await sleep(100)
  }
}

/** With a wrong name the table would be new and empty, and everybody would be signed out. */
async function warnOfOtherTables(
  client: PoolClient,
  table: TableName,
  onProgress: (line: string) => void,
): Promise<void> {
  const { session } = quotedNames(table)
  const { rows } = await client.query(
    `SELECT format('%I.%I', table_schema, table_name) AS other FROM information_schema.columns
      WHERE to_regclass($1) IS NULL AND column_name IN ('sid', 'sess', 'expire')
        AND table_schema NOT IN ('pg_catalog', 'information_schema')
      GROUP BY table_schema, table_name HAVING count(*) = 3 ORDER BY 1`,
    [session],
  )
  for (const { other } of rows)
    onProgress(
      `warning: ${session} is new, but ${other} looks like a table of connect-pg-simple: to take its sessions over, give its tableName and schemaName`,
    )
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { runner } from 'node-pg-migrate'
import type pg from 'pg'
import { createClient, type Pool } from './pool.ts'

/** They run in the order of the numbers in their names. */
const FOLDERS = [join(import.meta.dirname, 'migrations'), join(import.meta.dirname, '..', 'sessions', 'migrations')]
/** In the format of node-pg-migrate. */
const TABLE = 'migration'
/** Only unreleased versions had it. Their tables have other names. */
const UNRELEASED = '0002_replicas'
/** Key of the advisory lock. */
export const LOCK = 7_060_215_001
/** Below the client's 3 s, so that the server cancels first and no connection is lost. */
const STATEMENT_TIMEOUT = '2500ms'

export interface MigrateOptions {
  /** Direct, not through a pooler in transaction mode: the lock belongs to the connection. */
  readonly url: string
  /** The replicas' role, which gets a statement timeout in this database. */
  readonly role: string
  readonly onProgress: (line: string) => void
}

interface File {
  readonly name: string
  readonly path: string
  readonly text: string
  /** false for a file with CREATE INDEX CONCURRENTLY. Its first line says so. */
  readonly transaction: boolean
}

/**
 * Returns the names of the steps that it ran. Concurrent calls wait for each other. Without pending
 * steps, which one query shows, it does not wait: every replica may call it at start.
 */
export async function migrate({ url, role, onProgress }: MigrateOptions): Promise<readonly string[]> {
  const client = createClient(url, 'migrate')
  await client.connect()
  try {
    await refuseUnreleased(client)
    if (await isCurrent(client, role)) return []
    await client.query('SET statement_timeout = 0')
    await takeLock(client, onProgress)
    const ran = await run(client)
    for (const name of ran) onProgress(`migrated ${name}`)
    await limitStatements(client, role, onProgress)
    return ran
  } finally {
    await client.end()
  }
}

const UNRELEASED_MESSAGE = `An unreleased version of Roundhouse made this database, and its tables have other names. \
Use a new database. For a local cluster: npm run stop, then delete its data folder (.data).`

const REFUSE_UNRELEASED = `DO $$ BEGIN
  IF EXISTS (SELECT FROM ${TABLE} WHERE name = '${UNRELEASED}') THEN RAISE EXCEPTION '${UNRELEASED_MESSAGE}'; END IF;
END $$;
`

async function refuseUnreleased(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`SELECT FROM ${TABLE} WHERE name = $1`, [UNRELEASED]).catch(noTable)
  if (rows.length > 0) throw new UnreleasedDatabase()
}

/** Nothing was changed. */
export class UnreleasedDatabase extends Error {
  constructor() {
    super(UNRELEASED_MESSAGE)
    this.name = 'UnreleasedDatabase'
  }
}

async function isCurrent(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query(CURRENT, [role, `statement_timeout=${STATEMENT_TIMEOUT}`]).catch(noTable)
  if (rows[0]?.limited !== true) return false
  const run = new Set<string>(rows[0].names)
  return (await migrationFiles()).every(({ name }) => run.has(name))
}

const CURRENT = `SELECT array_agg(name::text) AS names, EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase JOIN pg_roles ON pg_roles.oid = setrole
    WHERE datname = current_database() AND rolname = $1 AND setconfig @> ARRAY[$2]
  ) AS limited FROM ${TABLE}`

function noTable(error: unknown): { rows: never[] } {
  if ((error as { code?: unknown }).code === '42P01') return { rows: [] }
  throw error
}

/** Names of the migrations that this version needs and the database lacks. */
export async function missingMigrations(pool: Pool): Promise<readonly string[]> {
  const needed = (await migrationFiles()).map(({ name }) => name)
  const known = await pool.query('SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL AS known', [
    TABLE,
    'session',
  ])
  if (known.rows[0].known !== true) return needed
  const { rows } = await pool.query(`SELECT name FROM ${TABLE}`)
  const run = new Set(rows.map(({ name }) => name))
  return needed.filter((name) => !run.has(name))
}

/** A script for `psql -f`. Each step skips itself where it was run. */
export async function printMigrations(): Promise<string> {
  const steps = (await migrationFiles()).map(({ name, text, transaction }) => {
    const [begin, commit] = transaction ? ['BEGIN;\n', 'COMMIT;\n'] : ['', '']
    const record = `INSERT INTO ${TABLE} (name, run_on) VALUES ('${name}', now());\n`
    return `SELECT NOT EXISTS (SELECT FROM ${TABLE} WHERE name = '${name}') AS pending \\gset\n\\if :pending\n${begin}${closed(text)}${record}${commit}\\endif\n`
  })
  return [
    '\\set ON_ERROR_STOP on\n',
    'SET statement_timeout = 0;\n',
    `${CREATE_TABLE};\n`,
    REFUSE_UNRELEASED,
    ...steps,
  ].join('\n')
}

const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS ${TABLE} (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`

async function migrationFiles(): Promise<readonly File[]> {
  const paths = (
    await Promise.all(FOLDERS.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))))
  ).flat()
  const files = paths
    .filter((path) => path.endsWith('.sql'))
    .map(async (path) => {
      const text = await readFile(path, 'utf8')
      return { name: nameOf(path), path, text, transaction: !/^-- No transaction/i.test(text) }
    })
  return (await Promise.all(files)).sort((a, b) => a.name.localeCompare(b.name))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1, -'.sql'.length)
}

function closed(text: string): string {
  return text.trimEnd().endsWith(';') ? `${text.trimEnd()}\n` : `${text.trimEnd()};\n`
}

// Polls. CREATE INDEX CONCURRENTLY waits for every running statement, so a blocking
// pg_advisory_lock of another migration would be a deadlock.
async function takeLock(client: pg.Client, onProgress: (line: string) => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS taken', [LOCK])
    if (rows[0].taken === true) return
    if (tries === 4) onProgress('waiting for another migration to end')
    await wait(100)
  }
}

async function run(client: pg.Client): Promise<readonly string[]> {
  const files = await migrationFiles()
  const byPath = new Map(files.map((file) => [file.path, file]))
  const ran = await runner({
    dbClient: client,
    dir: FOLDERS.map((folder) => `${folder}/*.sql`),
    useGlob: true,
    direction: 'up',
    migrationsTable: TABLE,
    noLock: true,
    checkOrder: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    migrationLoaderStrategies: [
      {
        extensions: ['.sql'],
        loader: async (paths) =>
          paths.map((path) => ({
            id: path,
            filePaths: [path],
            actions: {
              up: (pgm) => {
                const file = byPath.get(path)
                if (file?.transaction === false) pgm.noTransaction()
                pgm.sql(file?.text ?? '')
              },
            },
          })),
      },
    ],
  })
  return ran.map(({ name }) => name)
}

async function limitStatements(client: pg.Client, role: string, onProgress: (line: string) => void): Promise<void> {
  const { rows } = await client.query(
    `SELECT format('ALTER ROLE %I IN DATABASE %I SET statement_timeout = %L', $1::text, current_database(), $2::text) AS statement`,
    [role, STATEMENT_TIMEOUT],
  )
  try {
    await client.query(rows[0].statement)
  } catch (error) {
    onProgress(
      `could not limit the statements of ${role}: ${(error as Error).message}; as the database's owner run: ${rows[0].statement}`,
    )
  }
}

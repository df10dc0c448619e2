import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

export interface TestDatabase {
  readonly url: string
  readonly pool: pg.Pool
  drop(): Promise<void>
}

export interface TestDatabaseOptions {
  readonly encoding?: string
  /** Makes the tables. Default: the migrations of this folder. */
  readonly migrate?: (url: string) => Promise<void>
}

/** On the Postgres of TEST_DATABASE_URL, else DATABASE_URL. Its role must have CREATEDB. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { encoding = 'UTF8', migrate = runMigrations } = options
  const server = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL
  if (!server) throw new Error('Set DATABASE_URL to a Postgres whose role may create databases')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await execute(server, `CREATE DATABASE ${name} ENCODING '${encoding}' TEMPLATE template0 LOCALE 'C'`)
  const url = new URL(server)
  url.pathname = `/${name}`
  await migrate(url.href)
  const pool = new pg.Pool({ connectionString: url.href })
  // Without a listener a dropped connection ends the process.
  pool.on('error', () => {})
  return {
    url: url.href,
    pool,
    async drop() {
      await pool.end()
      await execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

async function runMigrations(url: string): Promise<void> {
  const folder = join(import.meta.dirname, '..', 'migrations')
  for (const file of (await readdir(folder)).sort()) await execute(url, await readFile(join(folder, file), 'utf8'))
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

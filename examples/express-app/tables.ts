import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** Runs the module's SQL files in the order of their names, as a migration tool would. */
const FOLDER = join(import.meta.dirname, '../../src/sessions/migrations')
const client = new pg.Client({ connectionString: String(process.env.DATABASE_URL) })
await client.connect()
for (const file of globSync('*.sql', { cwd: FOLDER }).sort())
  await client.query(readFileSync(join(FOLDER, file), 'utf8'))
await client.end()

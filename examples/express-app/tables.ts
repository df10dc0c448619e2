import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** Creates the module's tables from its SQL files in the order of their names, as this application's migrations would. */
const FOLDER = join(import.meta.dirname, '../../src/sessions/migrations')
const client = new pg.Client({ connectionString: String(process.env.DATABASE_URL) })
await client.connect()
for (const file of globSync('*.sql', { cwd: FOLDER }).sort())
  await client.query(readFileSync(join(FOLDER, file), 'utf8'))
await client.end()

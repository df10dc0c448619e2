import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'

/** Makes what the folder brings along, as whatever migrates this application's database would: its files in the order of their names. */
const folder = join(import.meta.dirname, '../../src/sessions/migrations')
const client = new pg.Client({ connectionString: String(process.env.DATABASE_URL) })
await client.connect()
for (const file of globSync('*.sql', { cwd: folder }).sort())
  await client.query(readFileSync(join(folder, file), 'utf8'))
await client.end()

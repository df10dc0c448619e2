import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { LOCK, migrate, missingMigrations, printMigrations } from './migrate.ts'
import { createClient } from './pool.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase({ migrated: false })
})
after(() => database.drop())

test('an empty database lacks every migration', async () => {
  assert.ok((await missingMigrations(database.pool)).includes('0001_session'))
})

test('of ten migrations at once one runs each step', async () => {
  const runs = await Promise.all(Array.from({ length: 10 }, () => migrate(options())))
  const ran = runs.flat()
  assert.equal(new Set(ran).size, ran.length)
  assert.ok(ran.includes('0001_session') && ran.includes('0002_session_account_index'))
  assert.deepEqual(await missingMigrations(database.pool), [])
})

test('a second migration changes nothing', async () => {
  assert.deepEqual(await migrate(options()), [])
})

test('without pending steps migrate does not wait for another migration', { timeout: 20_000 }, async () => {
  const other = createClient(database.url, 'test')
  await other.connect()
  await other.query('SELECT pg_advisory_lock($1)', [LOCK])
  try {
    assert.deepEqual(await migrate(options()), [])
  } finally {
    await other.end()
  }
})

test('a missing step is run again, and a step of a newer version is ignored', async () => {
  await database.pool.query("DELETE FROM migration WHERE name = '0002_session_account_index'")
  await database.pool.query("INSERT INTO migration (name, run_on) VALUES ('9999_later', now())")
  assert.deepEqual(await migrate(options()), ['0002_session_account_index'])
  assert.deepEqual(await migrate(options()), [])
})

test("the replicas' role has a statement timeout in this database", async () => {
  const client = createClient(database.url, 'test')
  await client.connect()
  const { rows } = await client.query('SHOW statement_timeout')
  await client.end()
  assert.deepEqual(rows, [{ statement_timeout: '2500ms' }])
})

test('the index on accounts is valid', async () => {
  const { rows } = await database.pool.query(
    `SELECT indisvalid FROM pg_index WHERE indexrelid = 'session_account'::regclass`,
  )
  assert.deepEqual(rows, [{ indisvalid: true }])
})

test('the printed script has every step, and each skips itself where it was run', async () => {
  const script = await printMigrations()
  for (const name of ['0001_session', '0003_account'])
    assert.match(script, new RegExp(`WHERE name = '${name}'\\) AS pending`))
  assert.match(script, /ON_ERROR_STOP/)
})

test('a missing privilege is reported with the statement that fixes it', async () => {
  const lines: string[] = []
  await migrate({ ...options(), role: 'nobody_here', onProgress: (line) => lines.push(line) })
  assert.match(lines.join('\n'), /ALTER ROLE nobody_here IN DATABASE/)
})

test('a database of an unreleased version is refused with advice, and stays unchanged', async () => {
  await database.pool.query("INSERT INTO migration (name, run_on) VALUES ('0002_replicas', now())")
  await database.pool.query("DELETE FROM migration WHERE name = '0002_session_account_index'")
  await assert.rejects(migrate(options()), /unreleased version of Roundhouse .* delete its data folder/)
  assert.deepEqual(await missingMigrations(database.pool), ['0002_session_account_index'])
  assert.match(await printMigrations(), /'0002_replicas'\) THEN RAISE EXCEPTION/)
})

function options() {
  return { url: database.url, role: decodeURIComponent(new URL(database.url).username), onProgress: () => {} }
}

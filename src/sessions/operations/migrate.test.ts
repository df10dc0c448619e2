import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import connectPgSimple from 'connect-pg-simple'
import expressSession, { type SessionData } from 'express-session'
import pg from 'pg'
import { createSessions } from '../sessions.ts'
import { quotedNames } from '../storage/table-name.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { migrateSessions, missingObjects } from './migrate.ts'

let database: TestDatabase
before(async () => {
  database = await createTestDatabase({ migrate: async () => {} })
})
after(() => database.drop())

const secret = 'a secret of this test, long enough'
const NAMES = [
  { tableName: 'session' },
  { tableName: 'user_sessions' },
  { tableName: 'Web "Sessions" of \'all\' 100%' },
  { tableName: 'x'.repeat(50), schemaName: 'Other "schema"' },
]

for (const table of NAMES)
  test(`the table ${JSON.stringify(table)} of connect-pg-simple is taken over, once and by all at once`, async () => {
    const { pool } = database
    if (table.schemaName !== undefined) await pool.query('CREATE SCHEMA "Other ""schema"""')
    const { session } = quotedNames(table)
    // By hand: connect-pg-simple makes one table a schema, because its constraint has a fixed name.
    await pool.query(
      `CREATE TABLE ${session} (sid varchar PRIMARY KEY, sess json NOT NULL, expire timestamp(6) NOT NULL)`,
    )
    const stock = new (connectPgSimple(expressSession))({ pool, pruneSessionInterval: false, ...table })
    const data = { cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) }, note: 'of stock' }
    const promised = <Result>(call: (done: (error: unknown, result?: Result) => void) => void) =>
      new Promise<Result | undefined>((resolve, reject) =>
        call((error, result) => (error ? reject(error) : resolve(result))),
      )
    await promised((done) => stock.set('taken', data as never, done))
    const all = await Promise.all([1, 2, 3].map(() => migrateSessions({ pool, ...table })))
    assert.deepEqual(all.filter((ran) => ran.length > 0).length, 1)
    assert.deepEqual(await missingObjects(pool, table), [])
    assert.deepEqual(await migrateSessions({ pool, ...table }), [])
    const { store } = createSessions({ pool, secret, ...table })
    const found = await promised<SessionData | null>((done) => store.get('taken', done))
    assert.equal(found?.note, 'of stock')
    await promised((done) => store.set('ours', { ...data, note: 'of ours' } as never, done))
    const back = await promised<SessionData | null>((done) => stock.get('ours', done as never))
    assert.equal(back?.note, 'of ours')
    await promised((done) => store.destroy('taken', done))
    assert.equal(await promised((done) => store.length(done)), 1)
  })

test('a new table beside one that looks like that of connect-pg-simple comes with a warning', async () => {
  const lines: string[] = []
  await migrateSessions({ pool: database.pool, tableName: 'sesions', onProgress: (line) => lines.push(line) })
  assert.match(
    lines.join('\n'),
    /warning: "sesions" is new, but public\.session looks like a table of connect-pg-simple/,
  )
})

test('a schema that does not exist is an error, and nothing is made', async () => {
  await assert.rejects(
    migrateSessions({ pool: database.pool, schemaName: 'nowhere' }),
    /schema "nowhere" does not exist/,
  )
})

test('without the table, or with an ended pool, requests fail with 503, and a warning says what to do', async (t) => {
  const warnings: string[] = []
  const listener = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const pool = new pg.Pool({ connectionString: database.url })
  const { store } = createSessions({ pool, secret, tableName: 'nowhere' })
  await assert.rejects(store.read('any'), { name: 'StoreUnavailable', status: 503 })
  await pool.end()
  await assert.rejects(store.read('any'), { name: 'StoreUnavailable', status: 503 })
  await new Promise((resolve) => setImmediate(resolve))
  assert.match(warnings.join('\n'), /missing or too old \(relation "nowhere" does not exist\): run migrate\(\)/)
  assert.match(warnings.join('\n'), /the pool of the sessions is closed/)
})

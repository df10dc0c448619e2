import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestDatabase, testDatabase } from '../database/testing.ts'
import { PostgresTable } from './postgres-table.ts'

const LIFE = { idle: 86_400_000, absolute: 10 * 86_400_000 }

let database: TestDatabase
let table: PostgresTable
let statements: string[] = []
before(async () => {
  database = await testDatabase()
  table = new PostgresTable(database.pool, (operation) => statements.push(operation))
})
after(() => database.drop())

test('updates that wait at the same time share a statement, and each is what was asked for', async () => {
  const [plain, renewed, stale, gone] = ['plain', 'renewed', 'stale', 'gone']
  const versions = await stored([plain, renewed, stale])
  const before = await expiry(renewed)
  statements = []
  const results = await Promise.all([
    table.update(plain, versions[0] ?? '', content({ text: 'NUL \u0000, half a pair \ud800, "quoted" \\ ☕' }, 'ada')),
    table.update(renewed, versions[1] ?? '', content({ n: 2 }), { idle: 2 * LIFE.idle, absolute: LIFE.absolute }),
    table.update(stale, '1', content({ n: 3 })),
    table.update(gone, '1', content({ n: 4 })),
  ])
  assert.deepEqual(statements, ['update'])
  assert.equal(results[0], (await table.read(plain))?.version)
  assert.equal(results[1], (await table.read(renewed))?.version)
  assert.deepEqual(results.slice(2), [undefined, undefined])
  assert.equal(
    (await table.read(plain))?.text,
    content({ text: 'NUL \u0000, half a pair \ud800, "quoted" \\ ☕' }).text,
  )
  assert.equal(await accountOf(plain), 'ada')
  assert.equal((await table.read(stale))?.text, '{}')
  assert.equal(await table.read(gone), undefined)
  assert.ok((await expiry(renewed)) > before, 'the expiry has moved')
  assert.ok((await expiry(plain)) <= before + 60_000, "and nobody else's has")
})

test('of two updates of one session that come together one is written, and the other is told', async () => {
  const [version = ''] = await stored(['twice'])
  const results = await Promise.all([1, 2].map((n) => table.update('twice', version, content({ n }))))
  assert.equal(results[0], (await table.read('twice'))?.version)
  assert.equal(results[1], undefined)
  assert.equal((await table.read('twice'))?.text, content({ n: 1 }).text)
})

test('one that the server refuses fails alone', async () => {
  const [version = ''] = await stored(['refused'])
  const update = await others('fine', 3)
  const refused = table.update('refused', version, content({ n: 1 }, 'an account\u0000'))
  const beside = Promise.all(update())
  await assert.rejects(refused, { name: 'StoreUnavailable' })
  assert.ok((await beside).every((each) => each !== undefined))
  assert.equal((await table.read('refused'))?.text, '{}')
})

test("a row that somebody holds holds up nobody else's", async () => {
  const [version = ''] = await stored(['held'])
  const holder = await database.pool.connect()
  try {
    await holder.query('BEGIN')
    await holder.query("SELECT FROM session WHERE sid = 'held' FOR UPDATE")
    const update = await others('free', 3)
    const held = table.update('held', version, content({ n: 1 }))
    assert.ok((await Promise.all(update())).every((each) => each !== undefined))
    assert.equal(await held, undefined)
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
})

function content(session: object, account: string | null = null) {
  return { text: JSON.stringify(session), account }
}

async function stored(sids: readonly string[]): Promise<readonly string[]> {
  const versions: string[] = []
  for (const sid of sids) versions.push((await table.insert(sid, { text: '{}', account: null }, LIFE)) ?? '')
  return versions
}

/** Resolves with a function that updates other sessions. */
async function others(name: string, count: number) {
  const sids = Array.from({ length: count }, (_, index) => `${name}-${index}`)
  const versions = await stored(sids)
  return () => sids.map((sid, index) => table.update(sid, versions[index] ?? '', content({ name })))
}

async function expiry(sid: string): Promise<number> {
  const { rows } = await database.pool.query(
    'SELECT extract(epoch FROM expire)::float8 * 1000 AS at FROM session WHERE sid = $1',
    [sid],
  )
  return rows[0].at
}

async function accountOf(sid: string): Promise<unknown> {
  return (await database.pool.query('SELECT account FROM session WHERE sid = $1', [sid])).rows[0].account
}

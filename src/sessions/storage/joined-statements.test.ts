import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { PostgresSessionStore } from '../request/session-store.ts'
import { LIFETIME, testTable } from '../testing/test-table.ts'
import { createBatcher } from './batcher.ts'
import { PostgresTable } from './postgres-table.ts'

const LONGER = { ...LIFETIME, idleMs: 2 * LIFETIME.idleMs }
const own = testTable()

test('concurrent reads are one statement, and each gets its own row', async () => {
  const sids = await stored('read', 3)
  const rows = await Promise.all([...sids, 'nobody'].map((sid) => own.table.read(sid)))
  assert.deepEqual(
    rows.map((row) => row?.text),
    [...sids.map((sid) => JSON.stringify({ sid })), undefined],
  )
  assert.deepEqual(own.statements, ['read'])
})

test('two requests of one session get separate objects', async () => {
  const [sid = ''] = await stored('own', 1)
  const store = new PostgresSessionStore({ table: own.table })
  const [one, other] = await Promise.all([store.read(sid), store.read(sid)])
  assert.deepEqual(one, other)
  assert.notEqual(one, other)
  assert.deepEqual(own.statements, ['read'])
})

test('a failed batch of reads rejects all its callers, and no later ones', async () => {
  const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nowhere', connectionTimeoutMillis: 500 })
  try {
    const away = new PostgresTable(pool, () => {})
    for (const sids of [['a', 'b', 'a'], ['c']]) {
      const outcomes = await Promise.allSettled(sids.map((sid) => away.read(sid)))
      assert.ok(outcomes.every(({ status }) => status === 'rejected'))
    }
  } finally {
    await pool.end()
  }
})

test('concurrent touches are one statement, also of one session', async () => {
  const sids = await stored('renewed', 2)
  assert.deepEqual(await Promise.all([...sids, ...sids, 'nobody'].map((sid) => own.table.touch(sid, LONGER))), [
    ...[true, true, true, true],
    false,
  ])
  assert.deepEqual(own.statements, ['touch'])
  for (const sid of sids) assert.ok(((await own.table.read(sid))?.idleExpiryMs ?? 0) > LIFETIME.idleMs)
})

test('a touch skips a locked row, and never shortens a lifetime', async () => {
  const [held = '', free = ''] = await stored('held', 2)
  const before = (await own.table.read(held))?.idleExpiryMs ?? 0
  const holder = await own.database.pool.connect()
  try {
    await holder.query('BEGIN')
    await holder.query('SELECT FROM session WHERE sid = $1 FOR UPDATE', [held])
    assert.deepEqual(await Promise.all([held, free].map((sid) => own.table.touch(sid, LONGER))), [false, true])
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
  assert.ok(before - ((await own.table.read(held))?.idleExpiryMs ?? 0) < 60_000)
  assert.equal(await own.table.touch(held, LONGER), true)
})

test('replicas that touch and update the same sessions in opposite order never deadlock', async () => {
  const sids = await stored('crossing', 20)
  const other = new PostgresTable(own.database.pool, () => {})
  for (let round = 0; round < 30; round++) {
    const here = sids.map((sid) => own.table.touch(sid, LONGER))
    const there = sids.toReversed().map((sid) => other.touch(sid, LONGER))
    const writes = sids.toReversed().map(async (sid) => {
      const { version = '' } = (await other.read(sid)) ?? {}
      return await other.update(sid, version, { text: JSON.stringify({ round }), accountId: null }, LONGER)
    })
    await Promise.all([...here, ...there, ...writes])
  }
})

test('more calls than a batch holds become several batches', async () => {
  const sizes: number[] = []
  const ask = createBatcher<number, number>(async (keys) => {
    sizes.push(keys.length)
    return keys
  }, 1000)
  const keys = Array.from({ length: 1200 }, (_, index) => index)
  assert.deepEqual(await Promise.all(keys.map(ask)), keys)
  assert.deepEqual(sizes, [500, 500, 200])
})

async function stored(name: string, count: number): Promise<readonly string[]> {
  const sids = Array.from({ length: count }, (_, index) => `${name}-${index}`)
  await own.stored(sids)
  own.statements.length = 0
  return sids
}

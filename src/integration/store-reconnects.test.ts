import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { type FaultProxy, startFaultProxy } from '../../test-support/fault-proxy.ts'
import { createClient, createPool, type Pool } from '../database/pool.ts'
import { StoreUnavailable } from '../sessions/errors.ts'
import { PostgresTable } from '../sessions/storage/postgres-table.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'

const LIFE = { idleMs: 86_400_000, absoluteMs: 86_400_000 }
const NOBODY = 0
const CONTENT = { text: '{"cookie":{}}', accountId: 'ada' }

let database: TestDatabase
let road: FaultProxy
before(async () => {
  database = await freshDatabase()
  road = await startFaultProxy(database.url)
})
after(async () => {
  await road.close()
  await database.drop()
})

/** How connections are lost, the one on which a statement is under way before the others. */
const LOSSES: Readonly<Record<string, (pid: number) => unknown>> = {
  'was ended by the server': (pid) =>
    database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'asks' ORDER BY pid <> $1`,
      [pid],
    ),
  'was reset': () => road.reset(),
  'was closed': () => road.end(),
}

for (const [what, lose] of Object.entries(LOSSES)) {
  test(`a read whose connection ${what} is retried once on another connection`, async () => {
    await withTable(1, async ({ table }) => {
      const sid = await stored(table)
      const lock = await lockTable('session')
      const asked = table.read(sid)
      const first = await waiting([], asked)
      await lose(first)
      await waiting([first], asked)
      await lock.open()
      assert.equal((await asked)?.text, CONTENT.text)
    })
  })

  test(`a read whose connection ${what} twice is not tried a third time`, async () => {
    await withTable(1, async ({ table }) => {
      const sid = await stored(table)
      const lock = await lockTable('session')
      const asked = failure(table.read(sid))
      const first = await waiting([], asked)
      await lose(first)
      const second = await waiting([first], asked)
      await lose(second)
      assert.equal(await waiting([first, second], asked), NOBODY)
      assert.doesNotMatch(String((await asked).cause), /no answer within/)
      await lock.open()
    })
  })

  test(`a read succeeds although every connection of the pool ${what} at the same moment`, async () => {
    await withTable(5, async ({ table, pool }) => {
      const sid = await stored(table)
      await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT pg_sleep(0.1)')))
      assert.equal(pool.idleCount, 5)
      const lock = await lockTable('session')
      const asked = table.read(sid).then(
        (row) => row?.text,
        (error) => `${error}: ${error.cause}`,
      )
      const first = await waiting([], asked)
      await lose(first)
      await waiting([first], asked)
      await lock.open()
      assert.equal(await asked, CONTENT.text)
    })
  })
}

test('the lookup of tombstones is retried as a read', async () => {
  await withTable(1, async ({ table }) => {
    const lock = await lockTable('session_tombstone')
    const asked = table.endedRecently('nobody')
    const first = await waiting([], asked)
    await LOSSES['was ended by the server']?.(first)
    await waiting([first], asked)
    await lock.open()
    assert.equal(await asked, false)
  })
})

/** What is written is written once or not at all, and whoever asked is told that nobody knows. */
const WRITES: Readonly<Record<string, (table: PostgresTable, sid: string, version: string) => Promise<unknown>>> = {
  insert: (table, sid) => table.insert(`${sid}-other`, CONTENT, LIFE),
  update: (table, sid, version) => table.update(sid, version, CONTENT),
  'update and touch': (table, sid, version) => table.update(sid, version, CONTENT, LIFE),
  change: (table, sid) => table.updateLocked(sid, () => CONTENT),
  rename: (table, sid) => table.rotateId(sid, `${sid}-other`, () => CONTENT, LIFE),
  renew: (table, sid) => table.touch(sid, LIFE),
  destroy: (table, sid) => table.destroy(sid),
  'destroy by account': (table) => table.destroyByAccount('ada'),
}

for (const [what, write] of Object.entries(WRITES)) {
  test(`a write whose connection was ended by the server is not retried: ${what}`, async () => {
    await withTable(1, async ({ table }) => {
      const sid = await stored(table)
      const before = await rows()
      const { version = '' } = (await table.read(sid)) ?? {}
      const lock = await lockTable('session')
      const asked = failure(write(table, sid, version))
      const first = await waiting([], asked)
      await LOSSES['was ended by the server']?.(first)
      assert.equal(await waiting([first], asked), NOBODY)
      assert.equal(((await asked).cause as { code?: string }).code, '57P01')
      await lock.open()
      assert.deepEqual(await rows(), before)
    })
  })
}

interface Testing {
  readonly table: PostgresTable
  readonly pool: Pool
}

async function withTable(size: number, story: (testing: Testing) => Promise<void>): Promise<void> {
  const pool = createPool({ url: road.url, name: 'asks', size })
  try {
    await story({ table: new PostgresTable(pool, () => {}), pool })
  } finally {
    await pool.end()
  }
}

async function stored(table: PostgresTable): Promise<string> {
  const sid = `sid-${Math.random()}`
  await table.insert(sid, CONTENT, LIFE)
  return sid
}

const locks = new Set<{ open(): Promise<void> }>()
afterEach(async () => {
  for (const lock of locks) await lock.open()
})

/** Lets nobody into this table until it is opened. */
async function lockTable(name: string): Promise<{ open(): Promise<void> }> {
  const client = createClient(database.url, 'lock')
  await client.connect()
  await client.query(`BEGIN; LOCK TABLE ${name} IN ACCESS EXCLUSIVE MODE`)
  const lock = {
    async open() {
      if (locks.delete(lock)) await client.end()
    },
  }
  locks.add(lock)
  return lock
}

/** The process of the server that waits for the lock and is none of these; NOBODY where what was asked is settled before there is one. */
async function waiting(known: readonly number[], asked: Promise<unknown>): Promise<number> {
  let over = false
  const end = () => {
    over = true
  }
  asked.then(end, end)
  while (!over) {
    const { rows } = await database.pool.query(
      `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'asks' AND wait_event_type = 'Lock' AND pid <> ALL($1)`,
      [known],
    )
    if (rows[0] !== undefined) return rows[0].pid
  }
  return NOBODY
}

async function failure(work: Promise<unknown>): Promise<StoreUnavailable> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof StoreUnavailable)
    return error
  }
  return assert.fail('it was answered')
}

async function rows(): Promise<unknown> {
  return (await database.pool.query('SELECT sid, sess::text, xmin::text FROM session ORDER BY sid')).rows
}

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { startTcpProxy, type TcpProxy } from '../../test-support/tcp-proxy.ts'
import { createClient, createPool, type Pool } from '../database/pool.ts'
import { StoreUnavailable } from '../sessions/errors.ts'
import { PostgresTable } from '../sessions/storage/postgres-table.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'

const LIFETIME = { idleMs: 86_400_000, absoluteMs: 86_400_000 }
const NO_BACKEND = 0
const CONTENT = { text: '{"cookie":{}}', accountId: 'ada' }

let database: TestDatabase
let proxy: TcpProxy
before(async () => {
  database = await freshDatabase()
  proxy = await startTcpProxy(database.url)
})
after(async () => {
  await proxy.close()
  await database.drop()
})

/** How connections are lost, first the one with a statement in flight. */
const LOSSES: Readonly<Record<string, (pid: number) => unknown>> = {
  'was ended by the server': (pid) =>
    database.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'asks' ORDER BY pid <> $1`,
      [pid],
    ),
  'was reset': () => proxy.reset(),
  'was closed': () => proxy.end(),
}

for (const [what, breakConnections] of Object.entries(LOSSES)) {
  test(`a read whose connection ${what} is retried once on another connection`, async () => {
    await withTable(1, async ({ table }) => {
      const sid = await stored(table)
      const lock = await lockTable('session')
      const read = table.read(sid)
      const first = await waiting([], read)
      await breakConnections(first)
      await waiting([first], read)
      await lock.open()
      assert.equal((await read)?.text, CONTENT.text)
    })
  })

  test(`a read whose connection ${what} twice is not tried a third time`, async () => {
    await withTable(1, async ({ table }) => {
      const sid = await stored(table)
      const lock = await lockTable('session')
      const read = failure(table.read(sid))
      const first = await waiting([], read)
      await breakConnections(first)
      const second = await waiting([first], read)
      await breakConnections(second)
      assert.equal(await waiting([first, second], read), NO_BACKEND)
      assert.doesNotMatch(String((await read).cause), /no answer within/)
      await lock.open()
    })
  })

  test(`a read succeeds although every connection of the pool ${what} at the same moment`, async () => {
    await withTable(5, async ({ table, pool }) => {
      const sid = await stored(table)
      await Promise.all(Array.from({ length: 5 }, () => pool.query('SELECT pg_sleep(0.1)')))
      assert.equal(pool.idleCount, 5)
      const lock = await lockTable('session')
      const read = table.read(sid).then(
        (row) => row?.text,
        (error) => `${error}: ${error.cause}`,
      )
      const first = await waiting([], read)
      await breakConnections(first)
      await waiting([first], read)
      await lock.open()
      assert.equal(await read, CONTENT.text)
    })
  })
}

test('the lookup of tombstones is retried as a read', async () => {
  await withTable(1, async ({ table }) => {
    const lock = await lockTable('session_tombstone')
    const read = table.endedRecently('nobody')
    const first = await waiting([], read)
    await LOSSES['was ended by the server']?.(first)
    await waiting([first], read)
    await lock.open()
    assert.equal(await read, false)
  })
})

/** A write happens once or not at all, and the caller gets StoreUnavailable. */
const WRITES: Readonly<Record<string, (table: PostgresTable, sid: string, version: string) => Promise<unknown>>> = {
  insert: (table, sid) => table.insert(`${sid}-other`, CONTENT, LIFETIME),
  update: (table, sid, version) => table.update(sid, version, CONTENT),
  'update and touch': (table, sid, version) => table.update(sid, version, CONTENT, LIFETIME),
  change: (table, sid) => table.updateLocked(sid, () => CONTENT),
  rename: (table, sid) => table.rotateId(sid, `${sid}-other`, () => CONTENT, LIFETIME),
  renew: (table, sid) => table.touch(sid, LIFETIME),
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
      const read = failure(write(table, sid, version))
      const first = await waiting([], read)
      await LOSSES['was ended by the server']?.(first)
      assert.equal(await waiting([first], read), NO_BACKEND)
      assert.equal(((await read).cause as { code?: string }).code, '57P01')
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
  const pool = createPool({ url: proxy.url, name: 'asks', size })
  try {
    await story({ table: new PostgresTable(pool, () => {}), pool })
  } finally {
    await pool.end()
  }
}

async function stored(table: PostgresTable): Promise<string> {
  const sid = `sid-${Math.random()}`
  await table.insert(sid, CONTENT, LIFETIME)
  return sid
}

const locks = new Set<{ open(): Promise<void> }>()
afterEach(async () => {
  for (const lock of locks) await lock.open()
})

/** Locks the table until `open`. */
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

/** The pid of another backend that waits for the lock; NOBODY where `asked` settles first. */
async function waiting(known: readonly number[], read: Promise<unknown>): Promise<number> {
  let over = false
  const end = () => {
    over = true
  }
  read.then(end, end)
  while (!over) {
    const { rows } = await database.pool.query(
      `SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'asks' AND wait_event_type = 'Lock' AND pid <> ALL($1)`,
      [known],
    )
    if (rows[0] !== undefined) return rows[0].pid
  }
  return NO_BACKEND
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

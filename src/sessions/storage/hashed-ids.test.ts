import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions } from '../sessions.ts'
import { LIFETIME, testTable } from '../testing/test-table.ts'
import { HashedIdTable } from './hashed-ids.ts'
import { MemoryTable } from './memory-table.ts'

const own = testTable()
const CONTENT = { text: '{"account":"ada","cookie":{}}', accountId: 'ada' }

for (const [where, table] of [
  ['in Postgres', () => own.table],
  ['in memory', () => new MemoryTable()],
] as const) {
  test(`${where}: no row holds an id, and every operation finds its row`, async () => {
    const [inner, sid] = [table(), `hashed-${Math.random()}`]
    const hashed = new HashedIdTable(inner)
    const version = (await hashed.insert(sid, CONTENT, LIFETIME)) ?? ''
    assert.equal(await inner.read(sid), undefined)
    assert.equal((await hashed.read(sid))?.version, version)
    const updated = (await hashed.update(sid, version, CONTENT)) ?? ''
    assert.equal(await hashed.touch(sid, LIFETIME, updated), true)
    await hashed.rotateId(sid, `${sid}-2`, () => CONTENT, LIFETIME)
    assert.equal(await hashed.endedRecently(sid), true)
    assert.equal(await hashed.successor(sid, 'ada'), CONTENT.text)
    for (const id of (await hashed.all()).keys()) assert.ok(!id.includes(sid))
    assert.equal(await hashed.destroy(`${sid}-2`), 1)
    assert.equal(await hashed.read(`${sid}-2`), undefined)
  })

  test(`${where}: a row of before is taken over when it is next read, with its expiry and without a trace`, async () => {
    const [inner, sid] = [table(), `before-${Math.random()}`]
    await inner.insert(sid, CONTENT, LIFETIME)
    const hashed = new HashedIdTable(inner)
    assert.equal((await hashed.read(sid))?.text, CONTENT.text)
    assert.equal(await inner.read(sid), undefined)
    assert.equal(await inner.endedRecently(sid), false)
    await inner.insert(`${sid}-2`, CONTENT, LIFETIME)
    assert.equal(await hashed.destroy(`${sid}-2`), 1)
  })

  test(`${where}: the hash from the table opens nothing`, async () => {
    const [inner, sid] = [table(), `stolen-${Math.random()}`]
    const hashed = new HashedIdTable(inner)
    await hashed.insert(sid, { ...CONTENT, accountId: sid }, LIFETIME)
    const [stolen = ''] = (await hashed.byAccount(sid)).keys()
    assert.match(stolen, /^sha256:/)
    assert.equal(await hashed.read(stolen), undefined)
  })
}

test('with hashIds the sessions of an account are listed and ended', async () => {
  const pool = own.database.pool
  const sessions = createSessions({ pool, secret: 'a secret of this test', hashIds: true, pruneSessionInterval: false })
  await sessions.store.table.insert('one', { ...CONTENT, accountId: 'bea' }, LIFETIME)
  await sessions.store.table.insert('two', { ...CONTENT, accountId: 'bea' }, LIFETIME)
  assert.equal(await sessions.endAll('bea', { except: 'two' }), 1)
  const [left] = await sessions.sessionsOf('bea')
  assert.equal(await sessions.end(left?.id ?? ''), true)
  assert.deepEqual(await sessions.sessionsOf('bea'), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SessionData } from 'express-session'
import { NotSerializable, SessionEnded, SessionTooLarge } from '../errors.ts'
import type { PostgresSessionStore } from '../request/session-store.ts'
import { bothTables, commit, DAY, load, storeSession } from '../testing/store-pair.ts'

const [inPostgres, inMemory] = bothTables()

for (const [where, replicas] of [inPostgres, inMemory]) {
  test(`${where}: concurrent changes of different fields are all kept, at any depth`, async () => {
    const [here, there] = replicas()
    const sid = await storeSession(here, {})
    const one = await load(here, sid)
    const other = await load(there, sid)
    one.fields = { x: 1 }
    other.fields = { y: 2 }
    await Promise.all([commit(here, sid, one), commit(there, sid, other)])
    assert.deepEqual((await load(here, sid)).fields, { x: 1, y: 2 })
  })

  test(`${where}: a request's second write does not undo another request's write in between`, async () => {
    const [here, there] = replicas()
    const sid = await storeSession(here, {})
    const one = await load(here, sid)
    one.count = 1
    await commit(here, sid, one)
    const other = await load(there, sid)
    other.fields = { y: 2 }
    await commit(there, sid, other)
    one.count = 2
    await commit(here, sid, one)
    const { count, fields } = await load(here, sid)
    assert.deepEqual({ count, fields }, { count: 2, fields: { y: 2 } })
  })

  test(`${where}: concurrent updates that depend on the current value are all kept`, async () => {
    const [here, there] = replicas()
    const sid = await storeSession(here, {})
    const add = async (store: PostgresSessionStore) => {
      const session = await load(store, sid)
      await store.tracked.update(sid, session, (draft) => {
        draft.count = (draft.count ?? 0) + 1
      })
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => add(index % 2 === 0 ? here : there)))
    assert.equal((await load(here, sid)).count, 40)
  })

  test(`${where}: an update sees the request's earlier changes, and leaves the session as stored`, async () => {
    const [here, there] = replicas()
    const sid = await storeSession(here, { fields: { x: 1 } })
    const session = await load(here, sid)
    session.fields = { ...session.fields, y: 2 }
    const other = await load(there, sid)
    other.fields = { ...other.fields, z: 3 }
    await commit(there, sid, other)
    await here.tracked.update(sid, session, (draft) => {
      draft.count = Object.keys(draft.fields ?? {}).length
    })
    assert.deepEqual({ ...session, cookie: undefined }, { cookie: undefined, fields: { x: 1, y: 2, z: 3 }, count: 3 })
    assert.equal(here.tracked.pendingWrite(session), undefined)
  })

  test(`${where}: a session that is not serializable, or too large, is refused and changes nothing`, async () => {
    const [here] = replicas()
    const sid = await storeSession(here, { count: 1 })
    const session = await load(here, sid)
    session.list = { total: 1n }
    await assert.rejects(async () => commit(here, sid, session), NotSerializable)
    session.list = 'x'.repeat(3000)
    await assert.rejects(async () => commit(here, sid, session), SessionTooLarge)
    const { count, list } = await load(here, sid)
    assert.deepEqual({ count, list }, { count: 1, list: undefined })
  })

  test(`${where}: activity moves the expiry, but never past the absolute expiry`, async () => {
    const [here] = replicas()
    const sid = `absolute-${Math.random()}`
    const life = { idleMs: 30 * DAY, absoluteMs: 90 * DAY }
    await here.table.insert(
      sid,
      { text: '{"cookie":{"originalMaxAge":2592000000}}', accountId: null },
      { idleMs: DAY, absoluteMs: 2 * DAY },
    )
    assert.equal(await here.table.touch(sid, life), true)
    const row = await here.table.read(sid)
    assert.ok(row !== undefined && row.idleExpiryMs <= 2 * DAY && row.idleExpiryMs > DAY)
    assert.equal(here.tracked.pendingWrite(await load(here, sid))?.touch, undefined)
  })

  test(`${where}: an ended or rotated id is known as ended, another is not`, async () => {
    const [here, there] = replicas()
    const [ended, rotated] = [await storeSession(here, {}), await storeSession(here, {})]
    await here.table.destroy(ended)
    await here.table.rotateId(rotated, `${rotated}-new`, ({ text }) => ({ text, accountId: null }), {
      idleMs: DAY,
      absoluteMs: DAY,
    })
    assert.deepEqual(
      await Promise.all([ended, rotated, `${rotated}-new`, 'never'].map((sid) => there.table.endedRecently(sid))),
      [true, true, false, false],
    )
  })

  test(`${where}: revoking ends a session whose account was assigned after its first write`, async () => {
    const [here, there] = replicas()
    const account = `account-${Math.random()}`
    const [signedIn, rotated, visitor] = [
      await storeSession(here, {}),
      await storeSession(here, {}),
      await storeSession(here, {}),
    ]
    const session = await load(here, signedIn)
    session.account = account
    await commit(here, signedIn, session)
    const content = ({ text }: { text: string }) => ({ text, accountId: account })
    await here.table.rotateId(rotated, `${rotated}-new`, content, { idleMs: DAY, absoluteMs: DAY })
    assert.equal(await there.table.destroyByAccount(account), 2)
    assert.notEqual(await there.table.read(visitor), undefined)
  })

  test(`${where}: nothing of a session that ended meanwhile continues under a new id`, async () => {
    const [here, there] = replicas()
    const sid = await storeSession(here, { account: 'ada', fields: { x: 1 } })
    const session = await load(here, sid)
    await there.table.destroy(sid)
    const next = here.createSession({ sessionID: `${sid}-new` } as never, { cookie: session.cookie })
    await assert.rejects(here.tracked.rotateId(session, next, { keep: true, mustBeLive: true }), SessionEnded)
    await here.tracked.rotateId(session, next, { keep: true })
    assert.deepEqual([next.account, next.fields], [undefined, undefined])
  })
}

test('a value with NUL and half a surrogate pair is kept', async () => {
  const [here, there] = inPostgres[1]()
  const sid = await storeSession(here, {})
  const session = await load(here, sid)
  session.list = ['\u0000', '\ud800']
  await commit(here, sid, session)
  session.count = 1
  await commit(here, sid, session)
  assert.deepEqual((await load(there, sid)).list, ['\u0000', '\ud800'])
})

test("the store has express-session's optional methods: all, ids, length, clear", async () => {
  const [here] = inMemory[1]()
  const sid = await storeSession(here, { count: 7 })
  const asked = <Result>(method: (done: (error: unknown, result?: Result) => void) => void) =>
    new Promise<Result | undefined>((resolve, reject) =>
      method((error, result) => (error ? reject(error) : resolve(result))),
    )
  assert.deepEqual(await asked<string[]>((done) => here.ids(done)), [sid])
  assert.equal(await asked<number>((done) => here.length(done)), 1)
  assert.equal((await asked<Record<string, SessionData>>((done) => here.all(done)))?.[sid]?.count, 7)
  await asked<void>((done) => here.clear((error) => done(error)))
  assert.equal(await asked<number>((done) => here.length(done)), 0)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NotSerializable } from '../errors.ts'
import { bothTables, commit, load } from '../testing/store-pair.ts'

/** Fields whose names a session, or any object, uses for itself. */
const FIELDS = {
  update: 1,
  save: 'saved',
  destroy: { x: 1 },
  regenerate: null,
  reload: [1],
  touch: 5,
  resetMaxAge: 6,
  id: 'an id',
  req: { url: '/' },
  constructor: 'c',
  toString: 't',
  hasOwnProperty: 7,
  toJSON: 'j',
  nested: { toJSON: 1, update: 2 },
  ['__proto__']: { polluted: true },
}
/** What express-session itself gives a session. */
const OWN = ['save', 'destroy', 'regenerate', 'reload', 'touch', 'resetMaxAge', 'id', 'req']

for (const [where, replicas] of bothTables()) {
  describe(where, () => {
    test('a field of any name survives a change of another field', async () => {
      const [here, there] = replicas()
      const sid = await foreign(here)
      const session = await load(here, sid)
      session.count = 1
      await commit(here, sid, session)
      await there.tracked.update(sid, await load(there, sid), (draft) => {
        draft.note = 'counted'
      })
      const { cookie: _, ...row } = JSON.parse((await there.table.read(sid))?.text ?? '')
      const wanted = { ...FIELDS, count: 1, note: 'counted' }
      assert.deepEqual(Object.entries(row).sort(), Object.entries(wanted).sort())
    })

    test('a field with a name that express-session does not use is read, changed and removed', async () => {
      const [here, there] = replicas()
      const sid = await foreign(here)
      const session = (await load(here, sid)) as unknown as Record<string, unknown>
      for (const [name, value] of Object.entries(FIELDS))
        if (!OWN.includes(name)) assert.deepEqual(Object.getOwnPropertyDescriptor(session, name)?.value, value, name)
      session.update = 2
      Reflect.deleteProperty(session, 'toString')
      await commit(here, sid, session as never)
      const again = (await load(there, sid)) as unknown as Record<string, unknown>
      assert.deepEqual([again.update, Object.hasOwn(again, 'toString')], [2, false])
    })

    test("express-session's methods work on a session whose row has fields of their names", async () => {
      const [here] = replicas()
      const sid = await foreign(here)
      const session = await load(here, sid)
      assert.deepEqual([session.id, typeof Reflect.get(session, 'req')], [sid, 'object'])
      for (const name of OWN.filter((each) => each !== 'id' && each !== 'req'))
        assert.equal(typeof session[name as 'save'], 'function', name)
      await here.tracked.reload(sid, session)
      assert.equal(typeof session.save, 'function')
    })

    test("data under a name of express-session's own is refused, and nothing is written", async () => {
      const [here, there] = replicas()
      for (const name of OWN.slice(0, 6)) {
        const sid = await row(here, {})
        const session = await load(here, sid)
        Object.assign(session, { count: 2, [name]: 1 })
        await assert.rejects(commit(here, sid, session), NotSerializable)
        assert.equal((await load(there, sid)).count, undefined)
      }
    })
  })
}

type Store = Parameters<typeof load>[0]

async function foreign(store: Store): Promise<string> {
  return await row(store, FIELDS)
}

async function row(store: Store, content: object): Promise<string> {
  const sid = `sid-${Math.random()}`
  const life = { idleMs: 1000_000, absoluteMs: 1000_000 }
  // Spread, so that the field __proto__ is one.
  await store.table.insert(
    sid,
    { text: JSON.stringify({ cookie: { originalMaxAge: 1000_000 }, ...content }), accountId: null },
    life,
  )
  return sid
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import expressSession, { type SessionData } from 'express-session'
import fc from 'fast-check'
import { type TestDatabase, testDatabase } from '../database/testing.ts'
import { SessionGone, SessionTooLarge, Unstorable } from './errors.ts'
import { MemoryTable } from './memory-table.ts'
import type { Session } from './records.ts'
import { PostgresSessions } from './store.ts'

declare module 'express-session' {
  interface SessionData {
    count?: number
    fields?: Record<string, number>
    list?: unknown
  }
}

const DAY = 86_400_000
let database: TestDatabase
before(async () => {
  database = await testDatabase()
})
after(() => database.drop())

/** The same promises hold wherever sessions are kept. */
const KINDS: readonly [string, () => PostgresSessions[]][] = [
  ['in Postgres', () => [1, 2].map(() => new PostgresSessions({ pool: database.pool, largest: 2000 }))],
  [
    'in memory',
    () => {
      const table = new MemoryTable()
      return [1, 2].map(() => new PostgresSessions({ table, largest: 2000 }))
    },
  ],
]

for (const [where, replicas] of KINDS) {
  test(`${where}: two requests that change different fields at once are both kept, at any depth`, async () => {
    const [here, there] = pair(replicas())
    const sid = await stored(here, {})
    const one = await load(here, sid)
    const other = await load(there, sid)
    one.fields = { x: 1 }
    other.fields = { y: 2 }
    await Promise.all([commit(here, sid, one), commit(there, sid, other)])
    assert.deepEqual((await load(here, sid)).fields, { x: 1, y: 2 })
  })

  test(`${where}: a second write of the same request does not undo another's in between`, async () => {
    const [here, there] = pair(replicas())
    const sid = await stored(here, {})
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

  test(`${where}: updates that depend on what is there are all kept`, async () => {
    const [here, there] = pair(replicas())
    const sid = await stored(here, {})
    const add = async (store: PostgresSessions) => {
      const session = await load(store, sid)
      await store.records.update(sid, session, (draft) => {
        draft.count = (draft.count ?? 0) + 1
      })
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => add(index % 2 === 0 ? here : there)))
    assert.equal((await load(here, sid)).count, 40)
  })

  test(`${where}: an update sees what this request changed before, and leaves the session as stored`, async () => {
    const [here, there] = pair(replicas())
    const sid = await stored(here, { fields: { x: 1 } })
    const session = await load(here, sid)
    session.fields = { ...session.fields, y: 2 }
    const other = await load(there, sid)
    other.fields = { ...other.fields, z: 3 }
    await commit(there, sid, other)
    await here.records.update(sid, session, (draft) => {
      draft.count = Object.keys(draft.fields ?? {}).length
    })
    assert.deepEqual({ ...session, cookie: undefined }, { cookie: undefined, fields: { x: 1, y: 2, z: 3 }, count: 3 })
    assert.equal(here.records.pending(session), undefined)
  })

  test(`${where}: what cannot be stored, or is too much, is refused and changes nothing`, async () => {
    const [here] = pair(replicas())
    const sid = await stored(here, { count: 1 })
    const session = await load(here, sid)
    session.list = { total: () => 1 }
    await assert.rejects(async () => commit(here, sid, session), Unstorable)
    session.list = 'x'.repeat(3000)
    await assert.rejects(async () => commit(here, sid, session), SessionTooLarge)
    const { count, list } = await load(here, sid)
    assert.deepEqual({ count, list }, { count: 1, list: undefined })
  })

  test(`${where}: activity moves the expiry on, and never past the session's end`, async () => {
    const [here] = pair(replicas())
    const sid = `absolute-${Math.random()}`
    const life = { idle: 30 * DAY, absolute: 90 * DAY }
    await here.table.insert(
      sid,
      { text: '{"cookie":{"originalMaxAge":2592000000}}', account: null },
      { idle: DAY, absolute: 2 * DAY },
    )
    assert.equal(await here.table.renew(sid, life), true)
    const row = await here.table.read(sid)
    assert.ok(row !== undefined && row.remaining <= 2 * DAY && row.remaining > DAY)
    assert.equal(here.records.pending(await load(here, sid))?.renew, undefined)
  })

  test(`${where}: an id that ended or was renamed is known as such, another is not`, async () => {
    const [here, there] = pair(replicas())
    const [ended, renamed] = [await stored(here, {}), await stored(here, {})]
    await here.table.destroy(ended)
    await here.table.rename(renamed, `${renamed}-new`, { idle: DAY, absolute: DAY })
    assert.deepEqual(
      await Promise.all([ended, renamed, `${renamed}-new`, 'never'].map((sid) => there.table.endedLately(sid))),
      [true, true, false, false],
    )
  })

  test(`${where}: of a session that ended meanwhile nothing goes on under a new id`, async () => {
    const [here, there] = pair(replicas())
    const sid = await stored(here, { account: 'ada', fields: { x: 1 } })
    const session = await load(here, sid)
    await there.table.destroy(sid)
    const next = here.createSession({ sessionID: `${sid}-new` } as never, { cookie: session.cookie })
    await assert.rejects(here.records.rename(session, next, { kept: () => true, live: true }), SessionGone)
    await here.records.rename(session, next, { kept: () => true })
    assert.deepEqual([next.account, next.fields], [undefined, undefined])
  })

  test(`${where}: whatever two replicas do in turn, a session is what a simple model says`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 25 }), (steps) => follow(pair(replicas()), steps)),
      { numRuns: 40 },
    )
  })
}

test('a value with NUL and half a surrogate pair is kept', async () => {
  const [here, there] = pair(KINDS[0]?.[1]() ?? [])
  const sid = await stored(here, {})
  const session = await load(here, sid)
  session.list = ['\u0000', '\ud800']
  await commit(here, sid, session)
  session.count = 1
  await commit(here, sid, session)
  assert.deepEqual((await load(there, sid)).list, ['\u0000', '\ud800'])
})

test("express-session's optional interface is there: all, ids, length, clear", async () => {
  const [here] = pair(KINDS[1]?.[1]() ?? [])
  const sid = await stored(here, { count: 7 })
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

type Step =
  | { readonly do: 'open' | 'commit' | 'touch' | 'rename'; readonly hand: number }
  | { readonly do: 'set'; readonly hand: number; readonly field: string; readonly value: number | null }
  | { readonly do: 'destroy' }

const hand = fc.integer({ min: 0, max: 3 })
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('open', 'commit', 'commit', 'touch', 'rename'),
      hand,
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      hand,
      field: fc.constantFrom('x', 'y', 'z'),
      value: fc.oneof(fc.integer(), fc.constant(null)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy' as const) }) },
)

/** One session, four hands of requests on two replicas; the model is the fields that were committed, and the ids that are dead. */
async function follow(stores: readonly [PostgresSessions, PostgresSessions], steps: readonly Step[]): Promise<void> {
  let sid = await stored(stores[0], {})
  let model: Fields | undefined = {}
  const hands: ({ sid: string; session: Session; seen: Fields } | undefined)[] = []
  const storeOf = (index: number) => stores[index % 2 === 0 ? 0 : 1]
  for (const step of steps) {
    const held = 'hand' in step ? hands[step.hand] : undefined
    const store = storeOf('hand' in step ? step.hand : 0)
    const isLive: boolean = model !== undefined && held?.sid === sid
    if (step.do === 'open') {
      const session: Session | undefined = model === undefined ? undefined : await load(store, sid)
      hands[step.hand] = session && { sid, session, seen: { ...session.fields } }
      if (session !== undefined) assert.deepEqual(session.fields ?? {}, model)
    } else if (step.do === 'set' && held !== undefined) {
      const { [step.field]: _, ...others } = held.session.fields ?? {}
      held.session.fields = step.value === null ? others : { ...others, [step.field]: step.value }
    } else if (step.do === 'commit' && held !== undefined) {
      const writes = store.records.pending(held.session) !== undefined
      const outcome = commit(store, held.sid, held.session)
      if (writes && !isLive) await assert.rejects(outcome, SessionGone)
      else await outcome
      const now = { ...held.session.fields }
      if (isLive && model !== undefined) bringOver(held.seen, now, model)
      if (isLive) held.seen = now
    } else if (step.do === 'touch' && held !== undefined) {
      assert.equal(await store.table.renew(held.sid, { idle: DAY, absolute: DAY }), isLive)
    } else if (step.do === 'rename' && isLive && held !== undefined) {
      const next = `${sid}'`
      await store.table.rename(sid, next, { idle: DAY, absolute: DAY })
      assert.equal(await store.table.read(sid), undefined)
      sid = next
    } else if (step.do === 'destroy') {
      await stores[1].table.destroy(sid)
      model = undefined
    }
  }
  const row = await stores[0].table.read(sid)
  assert.deepEqual(row && (JSON.parse(row.text).fields ?? {}), model)
}

type Fields = Record<string, number>

function bringOver(seen: Fields, now: Fields, model: Fields): void {
  for (const field of Object.keys({ ...seen, ...now })) {
    if (seen[field] === now[field]) continue
    if (now[field] === undefined) delete model[field]
    else model[field] = now[field]
  }
}

function pair(stores: readonly PostgresSessions[]): readonly [PostgresSessions, PostgresSessions] {
  return stores as unknown as readonly [PostgresSessions, PostgresSessions]
}

async function stored(store: PostgresSessions, content: Partial<SessionData>): Promise<string> {
  const sid = `sid-${Math.random()}`
  await commit(store, sid, {
    ...content,
    cookie: new (expressSession.Cookie as unknown as new (options: object) => expressSession.Cookie)({
      maxAge: 30 * DAY,
    }),
  } as never)
  return sid
}

async function load(store: PostgresSessions, sid: string): Promise<Session> {
  const data = await store.records.read(sid)
  assert.ok(data)
  return store.createSession({ sessionID: sid, sessionStore: store } as never, data)
}

function commit(store: PostgresSessions, sid: string, session: SessionData): Promise<void> {
  return new Promise((resolve, reject) =>
    store.set(sid, session, (error: unknown) => (error ? reject(error) : resolve())),
  )
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SessionEnded } from '../errors.ts'
import { bothTables, commit, DAY, load, type StorePair, storeSession } from '../testing/store-pair.ts'
import type { Session } from './tracked-sessions.ts'

for (const [where, replicas] of bothTables()) {
  test(`${where}: whatever two replicas do, a session equals a simple model`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 25 }), (steps) => follow(replicas(), steps)),
      { numRuns: 40 },
    )
  })
}

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

/** The model: the committed fields of one session, and its dead sids. */
async function follow(stores: StorePair, steps: readonly Step[]): Promise<void> {
  let sid = await storeSession(stores[0], {})
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
      const writes = store.tracked.pendingWrite(held.session) !== undefined
      const outcome = commit(store, held.sid, held.session)
      if (writes && !isLive) await assert.rejects(outcome, SessionEnded)
      else await outcome
      const now = { ...held.session.fields }
      if (isLive && model !== undefined) bringOver(held.seen, now, model)
      if (isLive) held.seen = now
    } else if (step.do === 'touch' && held !== undefined) {
      assert.equal(await store.table.touch(held.sid, { idleMs: DAY, absoluteMs: DAY }), isLive)
    } else if (step.do === 'rename' && isLive && held !== undefined) {
      const next = `${sid}'`
      await store.table.rotateId(sid, next, ({ text }) => ({ text, accountId: null }), { idleMs: DAY, absoluteMs: DAY })
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

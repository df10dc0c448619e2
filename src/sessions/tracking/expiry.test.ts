import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSessions } from '../sessions.ts'
import { testTable } from '../testing/test-table.ts'

const TEN_YEARS = 3650 * 86_400_000
const own = testTable()
const secret = 'a secret of this test, long enough'

for (const age of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, TEN_YEARS + 1])
  test(`sessions with a lifetime of ${age} are refused at start`, () => {
    const memory = { pool: 'memory', secret } as const
    assert.throws(() => createSessions({ ...memory, cookie: { maxAge: age } }), /the option cookie\.maxAge must be/)
    assert.throws(() => createSessions({ ...memory, absoluteMaxAge: age }), /the option absoluteMaxAge must be/)
  })

test('a row holds a session of ten years, also after its id was rotated', async () => {
  const ages = { maxAge: TEN_YEARS, absoluteMaxAge: TEN_YEARS }
  const { store } = createSessions({
    pool: own.database.pool,
    secret,
    cookie: { maxAge: TEN_YEARS },
    absoluteMaxAge: TEN_YEARS,
  })
  const req = { sessionStore: store } as never as Parameters<typeof store.generate>[0]
  store.generate(req)
  await new Promise((done) => store.set(req.sessionID, req.session, done))
  await store.rotateId(req, { keep: true, ...ages })
  const { idleExpiryMs: remaining = 0, absoluteExpiryMs: ends = 0 } = (await store.table.read(req.sessionID)) ?? {}
  for (const left of [remaining, ends]) assert.ok(left > TEN_YEARS - 60_000 && left <= TEN_YEARS)
})

test('rotating an id with a lifetime that no row can hold is refused, and the session stays as it was', async () => {
  const { store } = createSessions({ pool: own.database.pool, secret })
  const req = { sessionStore: store } as never as Parameters<typeof store.generate>[0]
  store.generate(req)
  const { sessionID } = req
  for (const ages of [{ maxAge: Number.POSITIVE_INFINITY }, { absoluteMaxAge: 1e300 }])
    await assert.rejects(store.rotateId(req, { keep: true, ...ages }), RangeError)
  assert.equal(req.sessionID, sessionID)
})

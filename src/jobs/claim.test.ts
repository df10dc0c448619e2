import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { claimRun } from './claim.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

const HOUR = 3_600_000

test('of twenty that ask at once one has the turn, and nobody again before its time', async () => {
  const all = () => Promise.all(Array.from({ length: 20 }, () => claimRun(database.pool, 'sweep', HOUR)))
  assert.equal((await all()).filter(Boolean).length, 1)
  assert.equal((await all()).filter(Boolean).length, 0)
  await database.pool.query(`UPDATE job_run SET last_run_at = last_run_at - interval '1 hour'`)
  assert.equal((await all()).filter(Boolean).length, 1)
})

test("one chore's turn is none of another's", async () => {
  assert.equal(await claimRun(database.pool, 'dust', HOUR), true)
  assert.equal(await claimRun(database.pool, 'mend', HOUR), true)
})

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

test('of twenty concurrent claims one wins, and none before the interval is over', async () => {
  const all = () => Promise.all(Array.from({ length: 20 }, () => claimRun(database.pool, 'sweep', HOUR)))
  assert.equal((await all()).filter(Boolean).length, 1)
  assert.equal((await all()).filter(Boolean).length, 0)
  await database.pool.query(`UPDATE job_run SET last_run_at = last_run_at - interval '1 hour'`)
  assert.equal((await all()).filter(Boolean).length, 1)
})

test('two jobs are claimed independently', async () => {
  assert.equal(await claimRun(database.pool, 'dust', HOUR), true)
  assert.equal(await claimRun(database.pool, 'mend', HOUR), true)
})

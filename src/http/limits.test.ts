import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Pool } from 'pg'
import type { AppError } from '../runtime/errors.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { createLimits, networkOf } from './limits.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

const limit = (name: string, pool: Pool = database.pool) =>
  createLimits({ pool }).limit({ name, points: 5, seconds: 60 })
const kindOf = (end: PromiseSettledResult<void>) =>
  end.status === 'fulfilled' ? 'passed' : (end.reason as AppError).kind

test('of forty concurrent takes on two replicas exactly as many pass as there are points', async () => {
  const replicas = [limit('concurrent'), limit('concurrent')]
  const ends = await Promise.allSettled(Array.from({ length: 40 }, (_, index) => replicas[index % 2]!.take('ada')))
  assert.equal(ends.filter((end) => kindOf(end) === 'passed').length, 5)
  assert.equal(ends.filter((end) => kindOf(end) === 'limited').length, 35)
  await replicas[0]!.check('bea')
  await assert.rejects(replicas[1]!.check('ada'), (error: AppError) => error.kind === 'limited')
})

test('a reached limit says when to retry', async () => {
  const one = limit('wait')
  for (let taken = 0; taken < 5; taken += 1) await one.take('ada')
  await assert.rejects(one.take('ada'), ({ retryAfter = 0 }: AppError) => retryAfter >= 58 && retryAfter <= 60)
})

test('a point that is given back does not count', async () => {
  const one = limit('back')
  for (let round = 0; round < 20; round += 1) {
    await one.take('ada')
    await one.giveBack('ada')
  }
  await one.check('ada')
})

test('without the database a limit is a 503, and lets nothing pass', async () => {
  const unavailable = { query: () => Promise.reject(new Error('connection refused')) } as unknown as Pool
  for (const attempt of [limit('unavailable', unavailable).check('ada'), limit('unavailable', unavailable).take('ada')])
    await assert.rejects(attempt, (error: AppError) => error.kind === 'unavailable' && error.cause instanceof Error)
})

test('expired counters are removed in batches, the others stay', async () => {
  await database.pool.query('DELETE FROM attempt')
  await database.pool.query("INSERT INTO attempt SELECT 'old:' || n, 1, 1 FROM generate_series(1, 25) n")
  await limit('kept').take('ada')
  assert.equal(await createLimits(database).removeExpired(10), 25)
  const { rows } = await database.pool.query('SELECT key FROM attempt')
  assert.deepEqual(rows, [{ key: 'kept:ada' }])
})

const networks: readonly (readonly [string, string])[] = [
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:0001:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['unknown', 'unknown'],
]
for (const [address, network] of networks)
  test(`${address} is counted as ${network}`, () => assert.equal(networkOf(address), network))

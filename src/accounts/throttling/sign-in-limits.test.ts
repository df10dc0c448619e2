import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { createLimits } from '../../http/limits.ts'
import type { AppError } from '../../runtime/errors.ts'
import type { TestDatabase } from '../../sessions/testing/test-database.ts'
import { freshDatabase } from '../../testing/fresh-database.ts'
import { createSignInLimits } from './sign-in-limits.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
beforeEach(() => database.pool.query('DELETE FROM attempt'))
after(() => database.drop())

const replica = () => createSignInLimits(createLimits(database))
const isLimited = (error: AppError) => error.kind === 'limited' && (error.retryAfter ?? 0) > 0

/** Returns how many guesses were accepted. */
async function guess(times: number, attempt: () => ReturnType<ReturnType<typeof createSignInLimits>['signIn']>) {
  for (let made = 0; made < times; made += 1)
    try {
      await (await attempt()).begin()
    } catch (error) {
      assert.ok(isLimited(error as AppError))
      return made
    }
  return times
}

test('an account allows ten wrong passwords, from all addresses and on all replicas', async () => {
  const replicas = [replica(), replica(), replica()]
  let count = 0
  const made = await guess(30, () =>
    replicas[count++ % 3]!.signIn({ address: `203.0.113.${count}` }, 'ada@example.com'),
  )
  assert.equal(made, 10)
  await replica().signIn({ address: '203.0.113.99' }, 'bea@example.com')
  await replica().signIn({ address: '203.0.113.99', browser: 'hers' }, 'ada@example.com')
})

test('an address allows fifty, whatever the account, and an IPv6 network counts as one', async () => {
  let count = 0
  const made = await guess(80, () => replica().signIn({ address: `2001:db8::${++count}` }, `p${count}@example.com`))
  assert.equal(made, 50)
  await assert.rejects(replica().register({ address: '2001:db8::ffff' }), isLimited)
  await replica().signIn({ address: '2001:db8::1', browser: 'known' }, 'ada@example.com')
  await replica().signIn({ address: '2001:db8:0:1::1' }, 'q@example.com')
})

test('an attempt that one limit refuses does not count for the other', async () => {
  const client = { address: '198.51.100.7' }
  await guess(48, () => replica().register(client))
  // All pass the first check. Two are counted, the others refused.
  const emails = ['cy', 'dee', 'eve', 'fay', 'gil'].map((name) => `${name}@example.com`)
  const attempts = await Promise.all(emails.map((email) => replica().signIn(client, email)))
  const ends = await Promise.allSettled(attempts.map((attempt) => attempt.begin()))
  assert.equal(ends.filter((end) => end.status === 'fulfilled').length, 2)
  const { rows } = await database.pool.query(COUNTED)
  assert.deepEqual(rows, [{ counted: 2 }])
})

const COUNTED = "SELECT sum(points)::int AS counted FROM attempt WHERE key LIKE 'unknown-browser:%'"

test('a success does not count', async () => {
  for (let round = 0; round < 20; round += 1) {
    const attempt = await replica().signIn({ address: '198.51.100.8' }, 'eve@example.com')
    await attempt.begin()
    await attempt.succeeded()
  }
})

test('the table holds no e-mail address', async () => {
  const attempt = await replica().signIn({ address: '198.51.100.9' }, 'ada@example.com')
  await attempt.begin()
  const { rows } = await database.pool.query<{ key: string }>('SELECT key FROM attempt')
  assert.equal(rows.length, 2)
  for (const { key } of rows) assert.doesNotMatch(key, /ada|@/)
})

test('the two spellings of a Unicode domain share the guesses at one account', async () => {
  let count = 0
  const spellings = ['ada@b\u00fccher.example', 'ada@xn--bcher-kva.example']
  const made = await guess(30, () => replica().signIn({ address: `203.0.113.${count}` }, spellings[count++ % 2]!))
  assert.equal(made, 10)
})

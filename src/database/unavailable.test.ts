import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { createPool, type Pool } from './pool.ts'
import { isUnavailable } from './unavailable.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

const shut: readonly [string, (url: URL) => void][] = [
  ['has no listener', (url) => (url.port = '1')],
  ['does not take the password, which was changed there first', (url) => (url.password = 'another')],
  ['has lost the role', (url) => (url.username = 'nobody')],
  ['has no such database', (url) => (url.pathname = '/nowhere')],
]

for (const [what, change] of shut)
  test(`a server that ${what} is unavailable`, async () => {
    const url = new URL(database.url)
    change(url)
    assert.equal(isUnavailable(await failure(url.href, 'SELECT 1')), true)
  })

test('a wrong statement is our error, and does not count as unavailable', async () => {
  assert.equal(isUnavailable(await failure(database.url, 'SELECT FROM nowhere')), false)
})

test('the cause of an error counts, too', () => {
  const cause = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' })
  assert.equal(isUnavailable(new Error('not read', { cause })), true)
  assert.equal(isUnavailable(new Error('not read')), false)
})

async function failure(url: string, statement: string): Promise<unknown> {
  const pool: Pool = createPool({ url, name: 'test', size: 1 })
  try {
    await pool.query(statement)
  } catch (error) {
    return error
  } finally {
    await pool.end()
  }
  assert.fail('it was answered')
}

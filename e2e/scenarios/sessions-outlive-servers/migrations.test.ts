import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli } from '../../support/actors/cli.ts'
import { openDatabase } from '../../support/assertions/database.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { skipUnlessLocal, useCluster } from '../../support/fixture.ts'
import { report } from '../../support/load/history.ts'

describe('an empty database', { skip: skipUnlessLocal() }, () => {
  const empty = useEmptyDatabase()

  test('Ten concurrent migrations wait for each other and do no harm', async () => {
    await migrateAtOnce(10, empty.url)
    const once = await schemaOf(empty.url)
    assert.ok(once.length > 0, 'the tables are there')
    await migrateAtOnce(2, empty.url)
    assert.deepEqual(await schemaOf(empty.url), once, 'and another migration changes nothing')
  })
})

describe('a running cluster', () => {
  const fixture = useCluster({}, 'database')

  fixture.scenario('Concurrent migrations beside a running cluster fail no request', async (test) => {
    const before = await schemaOf(fixture.database.url)
    const load = await fixture.startLoad({ workers: 4, thinkTimeMs: 5 })
    await migrateAtOnce(4, fixture.database.url)
    await load.served(100)
    report(test, await load.stop()).assertClean(100)
    assert.deepEqual(await schemaOf(fixture.database.url), before)
  })
})

async function migrateAtOnce(count: number, url: string): Promise<void> {
  const results = await Promise.all(Array.from({ length: count }, () => runCli(url, ['migrate'])))
  for (const { code, output } of results) assert.equal(code, 0, output)
}

/** Every column of every table, and every index. */
async function schemaOf(url: string): Promise<readonly unknown[]> {
  return await openDatabase(url).rows(
    `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT tablename, indexname, '' FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3`,
  )
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runCli } from '../../support/actors/cli.ts'
import { openDatabase } from '../../support/assertions/database.ts'
import { useEmptyDatabase } from '../../support/empty-database.ts'
import { skipUnlessLocal, useCluster } from '../../support/fixture.ts'

describe('an empty database', { skip: skipUnlessLocal() }, () => {
  const bare = useEmptyDatabase()

  test('ten migrations at once wait for each other and do no harm', async () => {
    await migrateAtOnce(10, bare.url)
    const once = await tables(bare.url)
    assert.ok(once.length > 0, 'the tables are there')
    await migrateAtOnce(2, bare.url)
    assert.deepEqual(await tables(bare.url), once, 'and migrating again changes nothing')
  })
})

describe('a running cluster', () => {
  const stage = useCluster({}, 'database')

  stage.scenario('several migrations at once beside it disturb nobody', async (test) => {
    const before = await tables(stage.database.url)
    const crowd = await stage.crowd({ workers: 4, thinkTimeMs: 5 })
    await migrateAtOnce(4, stage.database.url)
    await crowd.served(50)
    const ledger = await crowd.stop()
    test.diagnostic(ledger.summary())
    ledger.assertClean(100)
    assert.deepEqual(await tables(stage.database.url), before)
  })
})

async function migrateAtOnce(count: number, url: string): Promise<void> {
  const done = await Promise.all(Array.from({ length: count }, () => runCli(url, ['migrate'])))
  for (const { code, output } of done) assert.equal(code, 0, output)
}

/** Every column of every table, and every index. */
async function tables(url: string): Promise<readonly unknown[]> {
  return await openDatabase(url).rows(
    `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL SELECT tablename, indexname, '' FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2, 3`,
  )
}

import assert from 'node:assert/strict'
import { startCrowd } from '../people/crowd.ts'
import { operate } from '../people/operator.ts'
import { setStage } from './stage.ts'

const stage = setStage()
const { scenario } = stage

scenario('ten migrations at once on an empty database wait for each other and do no harm', async () => {
  await stage.database.rows('CREATE SCHEMA elsewhere')
  const url = `${stage.database.url}?options=-csearch_path%3Delsewhere`
  await migrateTenTimes(url)
  assert.deepEqual(await tables('elsewhere'), await tables('public'))
})

scenario('ten migrations at once beside a running cluster disturb nobody', async (test) => {
  const crowd = await startCrowd({ url: stage.cluster.url, workers: 4, leisure: 5 })
  const before = await tables('public')
  await migrateTenTimes(stage.database.url)
  await crowd.served(50)
  const ledger = await crowd.stop()
  test.diagnostic(ledger.summary())
  ledger.verdict(100)
  assert.deepEqual(await tables('public'), before)
})

async function migrateTenTimes(url: string): Promise<void> {
  const done = await Promise.all(Array.from({ length: 10 }, () => operate(url, ['migrate'])))
  for (const { code, output } of done) assert.equal(code, 0, output)
}

/** Every column of every table, and every index. */
async function tables(schema: string): Promise<readonly unknown[]> {
  return await stage.database.rows(
    `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1
     UNION ALL SELECT tablename, indexname, '' FROM pg_indexes WHERE schemaname = $1 ORDER BY 1, 2, 3`,
    [schema],
  )
}

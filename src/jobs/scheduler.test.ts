import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createLog } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { type TestDatabase, testDatabase } from '../testing/fresh-database.ts'
import { runChore, startUpkeep } from './scheduler.ts'

let database: TestDatabase
before(async () => {
  database = await testDatabase()
})
after(() => database.drop())

test('a chore is done by one of several replicas, logged and counted', async () => {
  let done = 0
  const chore = { name: 'sweep', every: 3_600_000, work: async () => ++done }
  const replicas = [replica(), replica(), replica()]
  await Promise.all(replicas.map((options) => runChore(chore, options)))
  assert.equal(done, 1)
  const lines = replicas.flatMap(({ lines }) => lines)
  assert.equal(lines.length, 1)
  assert.match(lines.join(''), /"msg":"upkeep done".*"chore":"sweep","removed":1/)
  const counted = await Promise.all(replicas.map(({ metrics }) => metrics.text()))
  assert.equal(counted.filter((text) => text.includes('upkeep_removed_total{chore="sweep"} 1')).length, 1)
})

test('a chore that fails is told, is not counted as done, and does not end the replica', async () => {
  const options = replica()
  const work = () => Promise.reject(new Error('no broom'))
  await runChore({ name: 'broken', every: 3_600_000, work }, options)
  assert.match(options.lines.join(''), /"msg":"upkeep failed".*no broom/)
  assert.doesNotMatch(await options.metrics.text(), /chore="broken"/)
})

test('metrics tell when a chore was last done, and from the start that it was not', async () => {
  const options = replica()
  const chore = { name: 'dust', every: 3_600_000, work: async () => 0 }
  startUpkeep({ ...options, chores: [chore] })()
  const before = await options.metrics.text()
  assert.match(before, /^upkeep_done_timestamp_seconds\{chore="dust"\} 0$/m)
  assert.match(before, /^upkeep_removed_total\{chore="dust"\} 0$/m)
  const began = Date.now() / 1000
  await runChore(chore, options)
  const [, at] = (await options.metrics.text()).match(/^upkeep_done_timestamp_seconds\{chore="dust"\} (\S+)$/m) ?? []
  assert.ok(Number(at) >= began && Number(at) <= Date.now() / 1000, `done at ${at}, begun at ${began}`)
})

function replica() {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk)) as never) })
  const log = createLog({ level: 'info', format: 'json', replica: 'test', stream })
  return { lines, log, metrics: createMetrics(), pool: database.pool }
}

import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createLog } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { runJob, startScheduler } from './scheduler.ts'

let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

test('one of several replicas runs a job, logs it and counts it', async () => {
  let done = 0
  const job = { name: 'sweep', intervalMs: 3_600_000, work: async () => ++done }
  const replicas = [replica(), replica(), replica()]
  await Promise.all(replicas.map((options) => runJob(job, options)))
  assert.equal(done, 1)
  const lines = replicas.flatMap(({ lines }) => lines)
  assert.equal(lines.length, 1)
  assert.match(lines.join(''), /"msg":"job done".*"job":"sweep","removed":1/)
  const counted = await Promise.all(replicas.map(({ metrics }) => metrics.text()))
  assert.equal(counted.filter((text) => text.includes('maintenance_removed_total{job_name="sweep"} 1')).length, 1)
})

test('a failed job is logged, is not counted as success, and does not end the replica', async () => {
  const options = replica()
  const work = () => Promise.reject(new Error('no broom'))
  await runJob({ name: 'broken', intervalMs: 3_600_000, work }, options)
  assert.match(options.lines.join(''), /"msg":"job failed".*no broom/)
  assert.doesNotMatch(await options.metrics.text(), /job_name="broken"/)
})

test('metrics show when a job last succeeded, and 0 before', async () => {
  const options = replica()
  const job = { name: 'dust', intervalMs: 3_600_000, work: async () => 0 }
  startScheduler({ ...options, jobs: [job] })()
  const before = await options.metrics.text()
  assert.match(before, /^maintenance_last_success_timestamp_seconds\{job_name="dust"\} 0$/m)
  assert.match(before, /^maintenance_removed_total\{job_name="dust"\} 0$/m)
  const began = Date.now() / 1000
  await runJob(job, options)
  const [, at] =
    (await options.metrics.text()).match(/^maintenance_last_success_timestamp_seconds\{job_name="dust"\} (\S+)$/m) ?? []
  assert.ok(Number(at) >= began && Number(at) <= Date.now() / 1000, `done at ${at}, begun at ${began}`)
})

function replica() {
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk)) as never) })
  const log = createLog({ level: 'info', format: 'json', replica: 'test', stream })
  return { lines, log, metrics: createMetrics(), pool: database.pool }
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestApp, testApp } from '../../src/testing.ts'
import { waitFor } from '../cluster/waiting.ts'
import { missing, readAlerts, readPanels } from './observability.ts'
import { live } from './observability-testing.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

const PATIENCE = 30_000
/** Panels of what goes wrong. */
const QUIET = ['Alerts', 'Faults']

const skip = missing('prometheus')
let app: TestApp
let prometheus: Prometheus
if (skip === false) {
  before(async () => {
    app = await testApp()
    await live(app)
    prometheus = await startPrometheus(new URL(app.metricsUrl).host)
  })
  after(async () => {
    await prometheus.stop()
    await leave()
  })
}
let left: Promise<void> | undefined
const leave = () => (left ??= app.close())

test('a real Prometheus reads a replica and understands every rule', { skip }, async () => {
  await waitFor('the rules to be evaluated', PATIENCE, async () => (await prometheus.rules()).every(({ at }) => at > 0))
  const rules = await prometheus.rules()
  assert.deepEqual(
    rules.map(({ name }) => name),
    readAlerts().map(({ alert }) => alert),
  )
  assert.deepEqual(
    rules.filter(({ fault }) => fault !== ''),
    [],
  )
})

for (const { title, queries } of readPanels())
  test(`the panel "${title}" ${QUIET.includes(title) ? 'is empty while all is well' : 'shows something'}`, {
    skip,
  }, async () => {
    for (const { expr } of queries) {
      if (QUIET.includes(title)) assert.equal(await prometheus.query(expr), 0)
      else await waitFor(`an answer to ${expr}`, PATIENCE, async () => (await prometheus.query(expr)) > 0)
    }
  })

test('a replica that ends is noticed', { skip }, async () => {
  const alarms = ['NoReadyReplica', 'ReplicaUnreachable']
  await waitFor('quiet', PATIENCE, () => areAll(alarms, 'inactive'))
  await leave()
  // They fire when they have been pending for as long as the rules say.
  await waitFor(alarms.join(' and '), PATIENCE, () => areAll(alarms, 'pending'))
})

async function areAll(alerts: readonly string[], state: string): Promise<boolean> {
  const rules = await prometheus.rules()
  return alerts.every((alert) => rules.find(({ name }) => name === alert)?.state === state)
}

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { startTestServer, type TestServer } from '../../../src/testing/test-server.ts'
import { missing, readAlerts, readPanels } from './observability.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { live } from './test-metrics.ts'

const PATIENCE = 30_000
/** Panels of errors. */
const QUIET = ['Alerts', 'Errors (500)']

let app: TestServer
let prometheus: Prometheus
let left: Promise<void> | undefined
const closeApp = () => (left ??= app.close())

describe('a real Prometheus', { skip: missing('prometheus') }, () => {
  before(async () => {
    app = await startTestServer()
    await live(app)
    prometheus = await startPrometheus(new URL(app.metricsUrl).host)
  })
  after(async () => {
    await prometheus.stop()
    await closeApp()
  })

  test('accepts every rule', async () => {
    const evaluated = async () => (await prometheus.rules()).every(({ at }) => at > 0)
    await waitFor('the rules to be evaluated', PATIENCE, evaluated)
    const rules = await prometheus.rules()
    const names = readAlerts().map(({ alert }) => alert)
    assert.deepEqual(
      rules.map(({ name }) => name),
      names,
    )
    const faults = rules.filter(({ fault }) => fault !== '')
    assert.deepEqual(faults, [])
  })

  for (const { title, queries } of readPanels()) {
    const quiet = QUIET.includes(title)
    test(`the panel "${title}" ${quiet ? 'is empty without errors' : 'shows data'}`, async () => {
      for (const { expr } of queries) {
        if (quiet) assert.equal(await prometheus.query(expr), 0)
        else await waitFor(`an answer to ${expr}`, PATIENCE, async () => (await prometheus.query(expr)) > 0)
      }
    })
  }

  test('a replica that stops fires an alert', async () => {
    const alarms = ['NoReadyReplica', 'ReplicaUnreachable']
    await waitFor('quiet', PATIENCE, () => areAll(alarms, 'inactive'))
    await closeApp()
    // Pending alerts fire after the time in the rules.
    await waitFor(alarms.join(' and '), PATIENCE, () => areAll(alarms, 'pending'))
  })
})

async function areAll(alerts: readonly string[], state: string): Promise<boolean> {
  const rules = await prometheus.rules()
  return alerts.every((alert) => rules.find(({ name }) => name === alert)?.state === state)
}

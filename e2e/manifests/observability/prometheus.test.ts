import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { startTestServer, type TestServer } from '../../../src/testing/test-server.ts'
import { missing, readAlerts, readPanels } from './observability.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'
import { live } from './test-metrics.ts'

const PATIENCE = 30_000
/** Panels of what goes wrong. */
const QUIET = ['Alerts', 'Faults']

let app: TestServer
let prometheus: Prometheus
let left: Promise<void> | undefined
const leave = () => (left ??= app.close())

describe('read by a real Prometheus', { skip: missing('prometheus') }, () => {
  before(async () => {
    app = await startTestServer()
    await live(app)
    prometheus = await startPrometheus(new URL(app.metricsUrl).host)
  })
  after(async () => {
    await prometheus.stop()
    await leave()
  })

  test('every rule is understood', async () => {
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
    test(`the panel "${title}" ${quiet ? 'is empty while all is well' : 'shows something'}`, async () => {
      for (const { expr } of queries) {
        if (quiet) assert.equal(await prometheus.query(expr), 0)
        else await waitFor(`an answer to ${expr}`, PATIENCE, async () => (await prometheus.query(expr)) > 0)
      }
    })
  }

  test('a replica that ends is noticed', async () => {
    const alarms = ['NoReadyReplica', 'ReplicaUnreachable']
    await waitFor('quiet', PATIENCE, () => areAll(alarms, 'inactive'))
    await leave()
    // They fire when they have been pending for as long as the rules say.
    await waitFor(alarms.join(' and '), PATIENCE, () => areAll(alarms, 'pending'))
  })
})

async function areAll(alerts: readonly string[], state: string): Promise<boolean> {
  const rules = await prometheus.rules()
  return alerts.every((alert) => rules.find(({ name }) => name === alert)?.state === state)
}

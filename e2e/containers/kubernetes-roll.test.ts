import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pass } from 'node:timers/promises'
import { docker } from '../../cluster/docker/docker.ts'
import { waitFor } from '../../cluster/processes/wait-for.ts'
import { kubectlMissing } from '../manifests/kubernetes/rendering.ts'
import { startDns } from './support/dns.ts'
import { TIMEOUT_MS } from './support/docker-network.ts'
import { openPods, type Running } from './support/pods.ts'

const FULL_NAME = 'app.roundhouse.svc.cluster.local'
/** Maximum delay of CoreDNS. */
const LAG = 5000
const A_PEAR = "INSERT INTO product (id, name, price, stock) VALUES ('pear', 'Pear', 100, 100000)"
/** The Deployment's minReadySeconds. */
const MIN_READY = 2000

test('a rolling update as in a cluster loses no request, although DNS is five seconds late', {
  skip: kubectlMissing ?? false,
}, async (t) => {
  const start = await openPods(t)
  const dns = await startDns(FULL_NAME, LAG)
  t.after(() => dns.close())
  const postgres = await start('StatefulSet postgres', 'postgres', { aliases: ['postgres'] })
  await postgres.passed('startupProbe')
  assert.equal(await (await start('Deployment app', 'migrate')).ended(), 0)

  await docker(['exec', postgres.name, 'psql', '-q', '-U', 'roundhouse', '-c', A_PEAR])

  const fleet = await Promise.all([replica(), replica(), replica()])
  const nginx = await start('Deployment nginx', 'nginx', { env: { RESOLVER: dns.address } })
  await nginx.passed('readinessProbe')
  assert.equal(await nginx.passes('startupProbe'), false, 'nginx counts as started though there is no such name yet')
  tell()
  await nginx.passed('startupProbe')

  const crowd = startCrowd(`http://${nginx.address}:8080`)
  for (let round = 0; round < 2; round++) {
    fleet.push(await replica())
    tell()
    await pass(MIN_READY)
    const leaving = fleet.shift() as Running
    tell()
    await docker(['stop', '--time', '35', leaving.name])
    assert.equal(await leaving.ended(), 0)
  }
  await pass(LAG)
  const { answers, failures } = await crowd.end()
  t.diagnostic(`${answers} requests, ${failures.length} failed`)
  assert.deepEqual(failures, [])

  for (const leaving of fleet.splice(0)) await docker(['stop', '--time', '35', leaving.name])
  tell()
  const status = async () => (await fetch(`http://${nginx.address}:8080/`)).status
  await waitFor('nginx to answer 503 without a pod', TIMEOUT_MS, async () => (await status()) === 503)
  await pass(LAG)
  assert.equal(await status(), 503)
  assert.ok(await nginx.passes('readinessProbe'))

  async function replica(): Promise<Running> {
    const running = await start('Deployment app', 'app')
    await running.passed('readinessProbe')
    return running
  }

  function tell(): void {
    dns.point(fleet.map(({ address }) => address))
  }
})

/** Eight clients that read and write in turn, with keep-alive. */
function startCrowd(site: string) {
  const failures: string[] = []
  let answers = 0
  let going = true
  const people = Array.from({ length: 8 }, async (_, who) => {
    for (let turn = who; going; turn++) {
      const said = await (turn % 2 === 0 ? statusOf(`${site}/api/session`) : statusOf(`${site}/basket/items`, PEAR))
      answers++
      if (said !== '200') failures.push(said)
      await pass(10)
    }
  })
  return {
    async end() {
      going = false
      await Promise.all(people)
      return { answers, failures }
    },
  }
}

const PEAR = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json' },
  body: JSON.stringify({ product: 'pear', quantity: 1 }),
}

/** 200, or the error and its replica. */
async function statusOf(address: string, init?: RequestInit): Promise<string> {
  try {
    const answer = await fetch(address, init)
    const text = await answer.text()
    if (answer.status === 200) return '200'
    return `${answer.status} of ${answer.headers.get('x-served-by') ?? 'nginx'}: ${text.slice(0, 200)}`
  } catch (fault) {
    return String((fault as Error).cause ?? fault)
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { docker } from '../../cluster/docker/docker.ts'
import { waitFor } from '../../cluster/processes/wait-for.ts'
import { kubectlMissing } from '../manifests/kubernetes/rendering.ts'
import { startDns } from './support/dns.ts'
import { TIMEOUT_MS } from './support/docker-network.ts'
import { openPods, type Running } from './support/pods.ts'

const FULL_NAME = 'app.roundhouse.svc.cluster.local'
/** Maximum delay of CoreDNS. */
const DNS_DELAY_MS = 5000
const A_PEAR = "INSERT INTO product (id, name, price, stock) VALUES ('pear', 'Pear', 100, 100000)"
/** The Deployment's minReadySeconds. */
const MIN_READY_MS = 2000

test('a rolling update as in a cluster loses no request, although DNS is five seconds late', {
  skip: kubectlMissing ?? false,
}, async (t) => {
  const start = await openPods(t)
  const dns = await startDns(FULL_NAME, DNS_DELAY_MS)
  t.after(() => dns.close())
  const postgres = await start('StatefulSet postgres', 'postgres', { aliases: ['postgres'] })
  await postgres.passed('startupProbe')
  assert.equal(await (await start('Deployment app', 'migrate')).ended(), 0)

  await docker(['exec', postgres.name, 'psql', '-q', '-U', 'roundhouse', '-c', A_PEAR])

  const replicas = await Promise.all([replica(), replica(), replica()])
  const nginx = await start('Deployment nginx', 'nginx', { env: { RESOLVER: dns.address } })
  await nginx.passed('readinessProbe')
  assert.equal(await nginx.passes('startupProbe'), false, 'nginx counts as started though there is no such name yet')
  updateDns()
  await nginx.passed('startupProbe')

  const load = startLoad(`http://${nginx.address}:8080`)
  for (let round = 0; round < 2; round++) {
    replicas.push(await replica())
    updateDns()
    await sleep(MIN_READY_MS)
    const leaving = replicas.shift() as Running
    updateDns()
    await docker(['stop', '--time', '35', leaving.name])
    assert.equal(await leaving.ended(), 0)
  }
  await sleep(DNS_DELAY_MS)
  const { requests, failures } = await load.end()
  t.diagnostic(`${requests} requests, ${failures.length} failed`)
  assert.deepEqual(failures, [])

  for (const leaving of replicas.splice(0)) await docker(['stop', '--time', '35', leaving.name])
  updateDns()
  const status = async () => (await fetch(`http://${nginx.address}:8080/`)).status
  await waitFor('nginx to answer 503 without a pod', TIMEOUT_MS, async () => (await status()) === 503)
  await sleep(DNS_DELAY_MS)
  assert.equal(await status(), 503)
  assert.ok(await nginx.passes('readinessProbe'))

  async function replica(): Promise<Running> {
    const running = await start('Deployment app', 'app')
    await running.passed('readinessProbe')
    return running
  }

  function updateDns(): void {
    dns.point(replicas.map(({ address }) => address))
  }
})

/** Eight clients that read and write in turn, with keep-alive. */
function startLoad(site: string) {
  const failures: string[] = []
  let requests = 0
  let isRunning = true
  const clients = Array.from({ length: 8 }, async (_, client) => {
    for (let count = client; isRunning; count++) {
      const result = await (count % 2 === 0 ? statusOf(`${site}/api/session`) : statusOf(`${site}/basket/items`, PEAR))
      requests++
      if (result !== '200') failures.push(result)
      await sleep(10)
    }
  })
  return {
    async end() {
      isRunning = false
      await Promise.all(clients)
      return { requests, failures }
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
    const response = await fetch(address, init)
    const text = await response.text()
    if (response.status === 200) return '200'
    return `${response.status} of ${response.headers.get('x-served-by') ?? 'nginx'}: ${text.slice(0, 200)}`
  } catch (fault) {
    return String((fault as Error).cause ?? fault)
  }
}

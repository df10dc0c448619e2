import assert from 'node:assert/strict'
import { test } from 'node:test'
import { docker } from '../../cluster/docker/docker.ts'
import { waitFor } from '../../cluster/processes/wait-for.ts'
import { kubectlMissing } from '../manifests/kubernetes/rendering.ts'
import { type Container, TIMEOUT_MS } from './support/docker-network.ts'
import { openPods } from './support/pods.ts'

/** The name in a cluster's DNS. */
const FULL_NAME = 'app.roundhouse.svc.cluster.local'

test("the manifests' database, migration, replica and nginx run as they say", {
  skip: kubectlMissing ?? false,
}, async (t) => {
  const start = await openPods(t)
  const postgres = await start('StatefulSet postgres', 'postgres', { aliases: ['postgres'] })
  await postgres.passed('startupProbe')

  const first = await start('Deployment app', 'migrate')
  assert.equal(await first.ended(), 0, await first.logs())
  assert.match(await first.logs(), /migrated 0001_session/)
  const second = await start('Deployment app', 'migrate')
  assert.equal(await second.ended(), 0)
  assert.match(await second.logs(), /the schema is up to date/)

  const nginx = await start('Deployment nginx', 'nginx')
  await nginx.passed('readinessProbe')
  assert.equal(await nginx.passes('startupProbe'), false, 'nginx counts as started though it knows no replica')
  assert.equal(await retryAfterOf503(nginx), '2')

  const app = await start('Deployment app', 'app', { aliases: [FULL_NAME] })
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) await app.passed(probe)
  await nginx.passed('startupProbe')
  const served = await fetch(`http://${nginx.address}:8080/login`)
  assert.equal(served.status, 200)
  assert.match(await served.text(), /<form/)

  await docker(['stop', '--time', '35', app.name])
  assert.equal(await app.ended(), 0, 'the replica was killed before it had drained')
  const retryAfter = await waitFor('nginx to be without a pod', TIMEOUT_MS, () => retryAfterOf503(nginx))
  assert.equal(retryAfter, '2')
  assert.ok(await nginx.passes('readinessProbe'), 'nginx is not ready though it answers by itself')

  await start('Deployment app', 'app', { aliases: [FULL_NAME] })
  await waitFor('nginx to find the new replica', TIMEOUT_MS, () => nginx.passes('startupProbe'))
})

/** The Retry-After of the 503 page; undefined for any other response. */
async function retryAfterOf503({ address }: Container): Promise<string | undefined> {
  const answer = await fetch(`http://${address}:8080/`)
  return answer.status === 503 && (await answer.text()).includes('We will be back in a moment')
    ? (answer.headers.get('retry-after') ?? '')
    : undefined
}

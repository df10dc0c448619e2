import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { docker } from '../cluster/docker.ts'
import { provideImage } from '../cluster/image.ts'
import { waitFor } from '../cluster/waiting.ts'
import { type Objects, pods } from '../manifests/kubernetes-objects.ts'
import { kubectlMissing, renderAll } from '../manifests/kubernetes-rendering.ts'
import { asContainer, containerOf, passes } from './pod.ts'
import { type Container, openYard, PATIENCE, type Yard } from './yard.ts'

/** As a cluster's DNS has it. */
const FULL_NAME = 'app.roundhouse.svc.cluster.local'

test('what the manifests start runs as they say: a database, the migration, a replica, nginx', {
  skip: kubectlMissing ?? false,
}, async (t) => {
  const start = await openCluster(t)
  const postgres = await start('StatefulSet postgres', 'postgres', ['--network-alias', 'postgres'])
  await postgres.passed('startupProbe')

  const first = await start('Deployment app', 'migrate')
  assert.equal(await first.running.ended(), 0, await first.running.logs())
  assert.match(await first.running.logs(), /migrated 0001_session/)
  const second = await start('Deployment app', 'migrate')
  assert.equal(await second.running.ended(), 0)
  assert.match(await second.running.logs(), /the schema is up to date/)

  const nginx = await start('Deployment nginx', 'nginx')
  await nginx.passed('readinessProbe')
  assert.equal(await nginx.passes('startupProbe'), false, 'nginx counts as started though it knows no replica')
  assert.equal(await told(nginx.running), '2')

  const app = await start('Deployment app', 'app', ['--network-alias', FULL_NAME])
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) await app.passed(probe)
  await nginx.passed('startupProbe')
  const served = await fetch(`http://${nginx.running.address}:8080/login`)
  assert.equal(served.status, 200)
  assert.match(await served.text(), /<form/)

  await docker(['stop', '--time', '35', app.running.name])
  assert.equal(await app.running.ended(), 0, 'the replica was killed before it had drained')
  const refused = await waitFor('nginx to notice that nobody is there', PATIENCE, () => told(nginx.running))
  assert.equal(refused, '2')
  assert.ok(await nginx.passes('readinessProbe'), 'nginx is not ready though it answers by itself')

  await start('Deployment app', 'app', ['--network-alias', FULL_NAME])
  await waitFor('nginx to find the new replica', PATIENCE, () => nginx.passes('startupProbe'))
})

async function openCluster(t: TestContext) {
  const objects = renderAll().find(({ name }) => name === 'overlays/local')?.objects ?? []
  const folder = mkdtempSync(join(tmpdir(), 'roundhouse-pod-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const yard = await openYard(t)
  const built = await provideImage()
  return (owner: string, name: string, words: readonly string[] = []) =>
    startPod(yard, objects, { owner, name, words, folder, built })
}

interface Start {
  readonly owner: string
  readonly name: string
  readonly words: readonly string[]
  readonly folder: string
  readonly built: string
}

async function startPod(yard: Yard, objects: Objects, { owner, name, words, folder, built }: Start) {
  const pod = pods(objects).find((one) => one.owner === owner)
  assert.ok(pod, `${owner} is not rendered`)
  const options = asContainer(objects, pod, name, folder)
  const used = /^roundhouse:/.test(options.image) ? built : options.image
  const running = await yard.run({ ...options, image: used, words: [...(options.words ?? []), ...words] })
  const container = containerOf(pod, name)
  type Probe = 'startupProbe' | 'readinessProbe' | 'livenessProbe'
  return {
    running,
    passes: (probe: Probe) => passes(container[probe], container, running),
    async passed(probe: Probe) {
      await waitFor(`${probe} of ${name}`, PATIENCE, () => passes(container[probe], container, running)).catch(
        async (fault: Error) => assert.fail(`${fault.message}\n${await running.logs()}`),
      )
    },
  }
}

async function told({ address }: Container): Promise<string | undefined> {
  const answer = await fetch(`http://${address}:8080/`)
  return answer.status === 503 && (await answer.text()).includes('We will be back in a moment')
    ? (answer.headers.get('retry-after') ?? '')
    : undefined
}

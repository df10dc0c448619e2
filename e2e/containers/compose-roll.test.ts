import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { startComposeCluster } from '../../cluster/compose/compose.ts'
import type { ComposeCluster } from '../../cluster/compose/compose-cluster.ts'
import { docker } from '../../cluster/docker/docker.ts'
import { startBackgroundLoad } from '../support/load/background-load.ts'
import { rollCompose } from './support/compose-roll.ts'

const IMAGE = `roundhouse-roll-${process.pid}`
const VERSION = '9.9.9'
let folder = ''
let cluster: ComposeCluster | undefined

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roundhouse-roll-'))
  process.env.E2E_IMAGE = IMAGE
  await docker(['build', '--quiet', '--tag', IMAGE, '.'], { timeoutMs: 590_000 })
  cluster = await startComposeCluster({ seed: true, replicas: 3, folder: join(folder, 'compose') })
})
after(async () => {
  await cluster?.destroy()
  await docker(['image', 'rm', '--force', IMAGE])
  await rm(folder, { recursive: true, force: true })
})

test('npm run roll -- --target compose brings a new version under load, and no request fails', async (t) => {
  assert.ok(cluster)
  const previous = cluster.replicas.map(({ name }) => name)
  const load = await startBackgroundLoad({ url: cluster.url, workers: 8, thinkTimeMs: 5, maxMs: 280_000 })
  await load.served(100)
  await rollCompose({ ...cluster.environment, VERSION }, join(folder, 'roll.log'))
  await load.served(300)
  const history = await load.stop()
  t.diagnostic(history.summary())
  history.assertClean(400)
  await cluster.refresh()
  const now = await Promise.all(cluster.replicas.map(({ url }) => versionAt(url)))
  assert.deepEqual(now, [VERSION, VERSION, VERSION])
  assert.deepEqual(
    cluster.replicas.filter(({ name }) => previous.includes(name)),
    [],
  )
})

async function versionAt(url: string): Promise<string> {
  const response = await fetch(`${url}/livez`, { headers: { connection: 'close' } })
  return ((await response.json()) as { version: string }).version
}

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { provideImage } from '../../../cluster/docker/image.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { pods } from '../../manifests/kubernetes/objects.ts'
import { renderAll } from '../../manifests/kubernetes/rendering.ts'
import { type Container, createDockerNetwork, TIMEOUT_MS } from './docker-network.ts'
import { asContainer, containerOf, passes } from './pod.ts'

type Probe = 'startupProbe' | 'readinessProbe' | 'livenessProbe'

/** One container of a pod of `overlays/local`, run as in the manifests. */
export interface Running extends Container {
  /** As the kubelet sees it. */
  passes(probe: Probe): Promise<boolean>
  /** Resolves when it passes. Fails with the container's log. */
  passed(probe: Probe): Promise<void>
}

export interface StartOptions {
  /** Names on the network. */
  readonly aliases?: readonly string[]
  /** In addition to the manifests. */
  readonly env?: Readonly<Record<string, string>>
}

/** `(owner, container)`, such as `('Deployment app', 'migrate')`. */
export type Start = (owner: string, name: string, options?: StartOptions) => Promise<Running>

/** Starts pods. The end of the test removes everything. */
export async function openPods(t: TestContext): Promise<Start> {
  const objects = renderAll().find(({ name }) => name === 'overlays/local')?.objects ?? []
  const folder = mkdtempSync(join(tmpdir(), 'roundhouse-pod-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const built = await provideImage()
  const network = await createDockerNetwork(t)
  return async (owner, name, { aliases = [], env = {} } = {}) => {
    const pod = pods(objects).find((one) => one.owner === owner)
    assert.ok(pod, `${owner} is not rendered`)
    const options = asContainer(objects, pod, name, folder)
    const running = await network.run({
      ...options,
      image: options.image.startsWith('roundhouse:') ? built : options.image,
      env: { ...options.env, ...env },
      dockerArguments: [...(options.dockerArguments ?? []), ...aliases.map((alias) => `--network-alias=${alias}`)],
    })
    const container = containerOf(pod, name)
    const passing = (probe: Probe) => passes(container[probe], container, running)
    return {
      ...running,
      passes: passing,
      async passed(probe) {
        await waitFor(`${probe} of ${name}`, TIMEOUT_MS, () => passing(probe)).catch(async (fault: Error) =>
          assert.fail(`${fault.message}\n${await running.logs()}`),
        )
      },
    }
  }
}

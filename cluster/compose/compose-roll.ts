import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OnProgress, step } from '../commands/progress.ts'
import { type Container, containersOf, waitUntilHealthy } from '../docker/containers.ts'
import { docker } from '../docker/docker.ts'

export interface ComposeRoll {
  readonly project: string
  /** Runs `docker compose …` for this project. */
  readonly compose: (...args: readonly string[]) => Promise<string>
  readonly onProgress: OnProgress
  /** Called before a container is removed. */
  readonly leaving?: (container: Container) => Promise<void>
}

/** nginx resolves addresses once a second, and marks a failed one for a second. */
const PAUSE = 2_000

/**
 * Replaces every replica: starts one more, waits until it is ready, drains and removes an old one,
 * and so on. (`docker compose up` would recreate all in the same second.) Where a new one does not
 * become ready it is removed, the old ones stay, and this throws with its last lines. Returns the
 * number of replicas.
 */
export async function replaceReplicas(roll: ComposeRoll): Promise<number> {
  const previous = await containersOf(roll.project, 'app')
  for (const old of previous) {
    const fresh = await oneMore(roll, previous.length)
    roll.onProgress(`${fresh.name} is ready`)
    await sleep(PAUSE)
    await docker(['stop', old.id])
    await roll.leaving?.(old)
    await docker(['rm', old.id])
    roll.onProgress(`${old.name} has drained`)
  }
  return previous.length
}

/**
 * For the operator's `docker compose` project: builds the image, migrates, and replaces the
 * replicas.
 */
export async function rollCompose(onProgress: OnProgress): Promise<number> {
  const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => !!entry[1]))
  const compose = (...args: readonly string[]) => docker(['compose', ...args], { env, timeoutMs: 600_000 })
  const { name: project } = JSON.parse(await compose('config', '--format', 'json')) as { name: string }
  if ((await containersOf(project, 'app')).length === 0)
    throw new Error(`Nothing runs in the Compose project ${project}`)
  const build = () => compose('build', 'app', 'migrate')
  await step(onProgress, build, () => 'Image is built')
  const migrate = () => compose('run', '--rm', '--no-TTY', 'migrate')
  await step(onProgress, migrate, () => 'Schema is up to date')
  return await replaceReplicas({ project, compose, onProgress: (line) => onProgress(`  ${line}`) })
}

async function oneMore({ project, compose }: ComposeRoll, count: number): Promise<Container> {
  const known = (await containersOf(project, 'app')).map(({ id }) => id)
  const quietly = ['--detach', '--no-deps', '--no-recreate', '--no-build']
  await compose('up', ...quietly, '--scale', `app=${count + 1}`, 'app')
  const fresh = (await containersOf(project, 'app')).find(({ id }) => !known.includes(id))
  if (fresh === undefined) throw new Error('Compose has not started another replica')
  try {
    await waitUntilHealthy(fresh.id)
    return fresh
  } catch (fault) {
    const lines = await docker(['logs', '--tail', '10', fresh.id])
    await docker(['rm', '--force', fresh.id])
    throw new Error(`${(fault as Error).message}:\n${lines}`, { cause: fault })
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type Container, containersOf, waitUntilHealthy } from './containers.ts'
import { docker } from './docker.ts'
import type { Say } from './steps.ts'

export interface ComposeRoll {
  readonly project: string
  /** Runs `docker compose …` for this project. */
  readonly compose: (...words: readonly string[]) => Promise<unknown>
  readonly say: Say
  /** Called before one is removed, with its logs. */
  readonly leaving?: (container: Container) => Promise<void>
}

/** Between one's readiness and another's end: nginx asks for addresses once a second, and marks one as failed for a second. */
const PAUSE = 2_000

/**
 * Replaces every replica that runs now: one more of what the project is now, wait until it is ready, drain and remove an old one,
 * and so on. (`docker compose up` recreates all of a service in the same second.) Where a new one does not become ready it is
 * removed, the old ones go on, and this throws with its last lines.
 */
export async function replaceReplicas(roll: ComposeRoll): Promise<void> {
  const former = await containersOf(roll.project, 'app')
  for (const old of former) {
    const fresh = await oneMore(roll, former.length)
    roll.say(`${fresh.name} is ready`)
    await sleep(PAUSE)
    await roll.leaving?.(old)
    await docker(['stop', old.id])
    await docker(['rm', old.id])
    roll.say(`${old.name} has drained`)
  }
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

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { type OnProgress, step } from '../../cluster/commands/progress.ts'
import { startSharedProject } from '../../cluster/compose/compose.ts'
import { endProjects } from '../../cluster/compose/compose-project.ts'
import { docker } from '../../cluster/docker/docker.ts'
import { killOrphansIn } from '../../cluster/processes/orphans.ts'

/** What is there for all scenario files of a target. */
export interface TargetSetup {
  /** Answers with what the scenarios' processes must know of it. */
  start(say: OnProgress): Promise<Readonly<Record<string, string>>>
  /** Ends it, and what scenarios that were killed have left; also after a start that failed. */
  end(): Promise<void>
}

export function targetSetup(
  target: string,
  folder: string,
  environment: Readonly<Record<string, string>>,
): TargetSetup {
  if (target === 'compose' || target === 'railway-like') return inContainers(target, folder, environment)
  return {
    start: async () => ({}),
    async end() {
      const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
      for (const { name } of entries) await killOrphansIn(join(folder, name))
    },
  }
}

/** One image for all; of Compose a project, too. */
function inContainers(target: string, folder: string, given: Readonly<Record<string, string>>): TargetSetup {
  const namePrefix = `roundhouse-e2e-${process.pid}`
  const shared = join(folder, 'compose')
  const own = {
    E2E_IMAGE: namePrefix,
    E2E_PROJECTS: namePrefix,
    ...(target === 'compose' && { E2E_DEPLOYMENT: shared }),
  }
  return {
    async start(say) {
      Object.assign(process.env, given, own)
      const build = () => docker(['build', '--tag', own.E2E_IMAGE, '.'], { timeoutMs: 600_000 })
      await step(say, build, () => `image ${own.E2E_IMAGE}`)
      if (target === 'compose')
        await step(
          say,
          () => startSharedProject(shared),
          (url) => `Compose on ${url}`,
        )
      return own
    },
    async end() {
      await endProjects(namePrefix)
      await endContainers(namePrefix)
      await docker(['image', 'rm', '--force', own.E2E_IMAGE])
    },
  }
}

/** Those without a project, by the beginning of their names; and their networks and volumes. */
async function endContainers(namePrefix: string): Promise<void> {
  const named = ['--quiet', '--filter', `name=^/?${namePrefix}`]
  for (const [list, remove] of [
    [
      ['ps', '--all'],
      ['rm', '--force', '--volumes'],
    ],
    [
      ['network', 'ls'],
      ['network', 'rm'],
    ],
    [
      ['volume', 'ls'],
      ['volume', 'rm'],
    ],
  ] as const) {
    const ids = (await docker([...list, ...named])).split('\n').filter((id) => id !== '')
    if (ids.length > 0) await docker([...remove, ...ids])
  }
}

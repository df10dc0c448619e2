import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { type OnProgress, step } from '../../cluster/commands/progress.ts'
import { startSharedProject } from '../../cluster/compose/compose.ts'
import { endProjects } from '../../cluster/compose/compose-project.ts'
import { docker } from '../../cluster/docker/docker.ts'
import { killOrphansIn } from '../../cluster/processes/orphans.ts'

/** Set-up that all scenario files of a target share. */
export interface TargetSetup {
  /** Returns the environment for the scenarios. */
  start(onProgress: OnProgress): Promise<Readonly<Record<string, string>>>
  /** Also removes what killed scenarios left, and works after a failed start. */
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

/** One image, and for Compose one project. */
function inContainers(target: string, folder: string, given: Readonly<Record<string, string>>): TargetSetup {
  const namePrefix = `roundhouse-e2e-${process.pid}`
  const shared = join(folder, 'compose')
  const own = {
    E2E_IMAGE: namePrefix,
    E2E_PROJECTS: namePrefix,
    ...(target === 'compose' && { E2E_DEPLOYMENT: shared }),
  }
  return {
    async start(onProgress) {
      Object.assign(process.env, given, own)
      const build = () => docker(['build', '--tag', own.E2E_IMAGE, '.'], { timeoutMs: 600_000 })
      await step(onProgress, build, () => `image ${own.E2E_IMAGE}`)
      if (target === 'compose')
        await step(
          onProgress,
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

/** Containers without a project, networks and volumes, by the prefix of their names. */
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

import { spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { ComposeProject } from '../../../cluster/compose/compose-project.ts'
import { docker } from '../../../cluster/docker/docker.ts'
import { provideImage } from '../../../cluster/docker/image.ts'
import { freePort } from '../../../cluster/processes/ports.ts'
import { type CleanupScope, cleanUpAfter } from './cleanup.ts'

const DOWN = ['compose', '--profile=tls', 'down', '--timeout=1', '--volumes', '--remove-orphans']

type Environment = Readonly<Record<string, string>>

/**
 * docker-compose.yml as an operator runs it, as a new project. The end of the test removes it with
 * its volumes.
 */
export interface TestProject {
  readonly name: string
  readonly url: string
  readonly httpsUrl: string
  /** Environment for another `docker compose` of this project. */
  readonly environment: Environment
  /** `docker compose …` with the operator's `environment`. Throws with Compose's last lines. */
  compose(args: readonly string[], environment?: Environment): Promise<string>
  /** Resolves when all services are healthy. */
  up(environment?: Environment, ...args: readonly string[]): Promise<void>
  /** Of a service or of all, also ended ones. */
  containers(service?: string): Promise<readonly string[]>
}

export async function createTestProject(t: CleanupScope): Promise<TestProject> {
  const image = await provideImage()
  const folder = mkdtempSync(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-project-'))
  process.env.E2E_PROJECTS ??= 'roundhouse-test'
  const project = await ComposeProject.at(folder)
  project.configure({ replicas: 3, environment: {} })
  const httpsPort = await freePort()
  const own = { ...project.environment, IMAGE: image, HTTPS_PORT: String(httpsPort) }
  const compose: TestProject['compose'] = (args, environment = {}) =>
    docker(['compose', '--progress=quiet', '--profile=tls', ...args], {
      env: { ...own, ...environment },
      timeoutMs: 300_000,
    })
  const env = { ...process.env, ...own }
  cleanUpAfter(t, () => void spawnSync('docker', DOWN, { env }))
  return {
    name: project.name,
    url: project.url,
    httpsUrl: `https://localhost:${httpsPort}`,
    environment: own,
    compose,
    async up(environment = {}, ...args) {
      const services = args.length > 0 ? args : ['nginx']
      await compose(['up', '--detach', '--wait', '--wait-timeout=240', '--no-build', ...services], environment)
    },
    async containers(service) {
      return (await compose(['ps', '--all', '--quiet', ...(service === undefined ? [] : [service])])).split('\n')
    },
  }
}

import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { containersOf, waitUntilHealthy } from '../docker/containers.ts'
import { docker } from '../docker/docker.ts'
import { readJson, writeJson } from '../json-file.ts'
import { freePort } from '../processes/ports.ts'

export interface Desired {
  readonly replicas: number
  /** nginx's idle connections to the replicas. Default: the file's. */
  readonly keepalive?: number
  readonly environment: Readonly<Record<string, string>>
  /** As containers reach it. Default: the project's own Postgres. */
  readonly databaseUrl?: string
}

interface Kept {
  readonly project: string
  /** nginx's port on 127.0.0.1. */
  readonly port: number
}

/** Docker's networks: all outside clients come from a gateway, which must be trusted. */
const BRIDGES = '172.16.0.0/12,192.168.0.0/16'
const TO_START = 120_000

/** One `docker compose` project. Its name and port are kept in the folder for other processes. */
export class ComposeProject {
  readonly folder: string
  readonly #kept: Kept

  private constructor(folder: string, kept: Kept) {
    this.folder = folder
    this.#kept = kept
  }

  /** Reads the folder's project, or makes one with a new name and a free port. */
  static async at(folder: string, wantedPort = 0): Promise<ComposeProject> {
    const file = join(folder, 'project.json')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const kept = readJson<Kept>(file) ?? { project: freshName(), port: wantedPort || (await freePort()) }
    writeJson(file, kept)
    return new ComposeProject(folder, kept)
  }

  get name(): string {
    return this.#kept.project
  }

  get url(): string {
    return `http://127.0.0.1:${this.#kept.port}`
  }

  /** Environment for another `docker compose` of this project. */
  get environment(): Readonly<Record<string, string>> {
    return {
      COMPOSE_PROJECT_NAME: this.name,
      COMPOSE_FILE: `docker-compose.yml:${this.#override}`,
      // A developer's .env is for the developer's own project.
      COMPOSE_DISABLE_ENV_FILE: '1',
      IMAGE: process.env.E2E_IMAGE ?? 'roundhouse:e2e',
      HTTP_PORT: String(this.#kept.port),
    }
  }

  async compose(...args: readonly string[]): Promise<string> {
    return await docker(['compose', '--progress', 'quiet', ...args], { env: this.environment })
  }

  /** Resolves when all services are healthy. Replaced containers get no time to drain. */
  async up(desired: Desired): Promise<void> {
    this.configure(desired)
    const scale = ['--scale', `app=${desired.replicas}`]
    await this.compose('up', '--detach', '--no-build', '--timeout', '1', ...scale)
    // Not with `--wait`, which fails when nginx misses a few health checks without replicas.
    for (const service of ['app', 'nginx']) {
      for (const { id } of await containersOf(this.name, service)) await waitUntilHealthy(id, TO_START)
    }
  }

  /** For containers that start later. */
  configure({ environment, keepalive, databaseUrl }: Desired): void {
    const database = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }
    const pool = keepalive === undefined ? {} : poolOf(keepalive)
    const services = {
      migrate: { environment: database },
      app: { environment: { ...environment, ...database } },
      nginx: { environment: { ...pool, TRUSTED_PROXIES: BRIDGES } },
    }
    writeJson(this.#override, { services })
  }

  /** `everything` also removes the data. */
  async down(everything: boolean): Promise<void> {
    const flags = everything ? ['--timeout', '1', '--volumes'] : []
    await this.compose('down', '--remove-orphans', ...flags)
    if (everything) rmSync(this.folder, { recursive: true, force: true })
  }

  get #override(): string {
    return join(this.folder, 'override.json')
  }
}

function freshName(): string {
  return `${process.env.E2E_PROJECTS ?? 'roundhouse-e2e'}-${randomBytes(3).toString('hex')}`
}

/** As in nginx-files.ts: `keepalive 0` is an error on older versions. */
function poolOf(keepalive: number): Record<string, string> {
  return {
    UPSTREAM_KEEPALIVE: String(Math.max(1, keepalive)),
    UPSTREAM_REQUESTS: keepalive === 0 ? '1' : '1000',
  }
}

/** Removes all projects whose names begin so, with their data. */
export async function endProjects(beginning: string): Promise<void> {
  const projects = JSON.parse((await docker(['compose', 'ls', '--all', '--format', 'json'])) || '[]') as {
    Name: string
  }[]
  for (const { Name: name } of projects.filter((project) => project.Name.startsWith(beginning))) {
    await docker(['compose', '--project-name', name, 'down', '--timeout', '1', '--volumes', '--remove-orphans'])
  }
}

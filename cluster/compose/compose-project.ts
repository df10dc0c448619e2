import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { containersOf, waitUntilHealthy } from '../docker/containers.ts'
import { docker } from '../docker/docker.ts'
import { readJson, writeJson } from '../json-file.ts'
import { freePort } from '../processes/ports.ts'

/** How the services of a project are to run. */
export interface Wanted {
  readonly replicas: number
  /** Idle connections that nginx keeps to the replicas; absent: the file's own default. */
  readonly keepalive?: number
  readonly environment: Readonly<Record<string, string>>
  /** As containers reach it; absent: the project's own Postgres. */
  readonly databaseUrl?: string
}

interface Kept {
  readonly project: string
  /** On 127.0.0.1, nginx's. */
  readonly port: number
}

/** Where Docker's networks are: from outside every client comes by the gateway of one, so that is who may say who it is. */
const BRIDGES = '172.16.0.0/12,192.168.0.0/16'
const TO_START = 120_000

/** One `docker compose` project: its name and port are kept in the folder, so that another process finds it again. */
export class ComposeProject {
  readonly folder: string
  readonly #kept: Kept

  private constructor(folder: string, kept: Kept) {
    this.folder = folder
    this.#kept = kept
  }

  /** The project of this folder; a new name and a free port at first. */
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

  /** What another `docker compose` needs in its environment to mean this project. */
  get environment(): Readonly<Record<string, string>> {
    return {
      COMPOSE_PROJECT_NAME: this.name,
      COMPOSE_FILE: `docker-compose.yml:${this.#override}`,
      // A person's .env is meant for a person's project.
      COMPOSE_DISABLE_ENV_FILE: '1',
      IMAGE: process.env.E2E_IMAGE ?? 'roundhouse:e2e',
      HTTP_PORT: String(this.#kept.port),
    }
  }

  async compose(...words: readonly string[]): Promise<string> {
    return await docker(['compose', '--progress', 'quiet', ...words], { env: this.environment })
  }

  /** Resolves when all is healthy. What must make way is not given the time to drain. */
  async up(wanted: Wanted): Promise<void> {
    this.configure(wanted)
    const scale = ['--scale', `app=${wanted.replicas}`]
    await this.compose('up', '--detach', '--no-build', '--timeout', '1', ...scale)
    // Not by `--wait`, which gives up on nginx where its replicas were away for some of its health checks.
    for (const service of ['app', 'nginx']) {
      for (const { id } of await containersOf(this.name, service)) await waitUntilHealthy(id, TO_START)
    }
  }

  /** From now on what is started has these settings. */
  configure({ environment, keepalive, databaseUrl }: Wanted): void {
    const database = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }
    const pool = keepalive === undefined ? {} : poolOf(keepalive)
    const services = {
      migrate: { environment: database },
      app: { environment: { ...environment, ...database } },
      nginx: { environment: { ...pool, TRUSTED_PROXIES: BRIDGES } },
    }
    writeJson(this.#override, { services })
  }

  /** Ends all of it; `everything`: the data as well. */
  async down(everything: boolean): Promise<void> {
    const patience = everything ? ['--timeout', '1', '--volumes'] : []
    await this.compose('down', '--remove-orphans', ...patience)
    if (everything) rmSync(this.folder, { recursive: true, force: true })
  }

  get #override(): string {
    return join(this.folder, 'override.json')
  }
}

function freshName(): string {
  return `${process.env.E2E_PROJECTS ?? 'roundhouse-e2e'}-${randomBytes(3).toString('hex')}`
}

/** As nginx-files.ts: `keepalive 0` is an error on older versions. */
function poolOf(keepalive: number): Record<string, string> {
  return {
    UPSTREAM_KEEPALIVE: String(Math.max(1, keepalive)),
    UPSTREAM_REQUESTS: keepalive === 0 ? '1' : '1000',
  }
}

/** Ends what runs under names that begin so, with its data. */
export async function endProjects(beginning: string): Promise<void> {
  const projects = JSON.parse((await docker(['compose', 'ls', '--all', '--format', 'json'])) || '[]') as {
    Name: string
  }[]
  for (const { Name: name } of projects.filter((project) => project.Name.startsWith(beginning))) {
    await docker(['compose', '--project-name', name, 'down', '--timeout', '1', '--volumes', '--remove-orphans'])
  }
}

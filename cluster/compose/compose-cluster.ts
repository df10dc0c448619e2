import process from 'node:process'
import type { Cluster, Replica } from '../cluster.ts'
import { note, openLogs, readLogs } from '../diagnostics/timeline.ts'
import { keepLogs } from '../docker/container-logs.ts'
import { type Container, containersOf, waitUntilHealthy } from '../docker/containers.ts'
import { docker } from '../docker/docker.ts'
import { waitFor } from '../processes/wait-for.ts'
import type { ComposeProject, Desired } from './compose-project.ts'
import { replaceReplicas } from './compose-roll.ts'

/** Called at the end. `stop` keeps the data. */
export type Dispose = (how: 'stop' | 'destroy') => Promise<void>

export class ComposeCluster implements Cluster {
  readonly #project: ComposeProject
  readonly #logs: string
  readonly #since = new Date().toISOString()
  readonly #dispose: Dispose
  #desired: Desired
  #replicas: readonly Container[] = []
  #databaseUrl: string
  readonly #isGiven: boolean

  /** `databaseUrl`: an external database, as reached from here. Call `refresh` first. */
  constructor(project: ComposeProject, desired: Desired, dispose: Dispose, databaseUrl?: string) {
    this.#project = project
    this.#databaseUrl = databaseUrl ?? ''
    this.#isGiven = databaseUrl !== undefined
    this.#desired = desired
    this.#dispose = dispose
    this.#logs = openLogs(project.folder)
  }

  get url(): string {
    return this.#project.url
  }

  get folder(): string {
    return this.#project.folder
  }

  get databaseUrl(): string {
    return this.#databaseUrl
  }

  get replicas(): readonly Replica[] {
    return this.#replicas
  }

  /** Environment for another `docker compose` of this project. */
  get environment(): Readonly<Record<string, string>> {
    return this.#project.environment
  }

  /** Reads the containers again: addresses change with every start. */
  async refresh(): Promise<void> {
    this.#replicas = await containersOf(this.#project.name, 'app')
    if (this.#isGiven) return
    const password = await this.#project.compose('exec', '-T', 'app', 'cat', '/secrets/database-password')
    this.#databaseUrl = `postgres://roundhouse:${password}@${(await this.#only('postgres')).address}:5432/roundhouse`
  }

  async restartReplica(name: string): Promise<void> {
    const { id } = this.#named(name)
    this.#note(`${name} restarts`)
    await docker(['restart', id])
    await this.#back(id)
  }

  async killReplica(name: string): Promise<void> {
    const { id, pid } = this.#named(name)
    this.#note(`${name} is killed`)
    process.kill(pid, 'SIGKILL')
    await waitFor('another process in its place', 30_000, async () => {
      const [state, now] = (await docker(['inspect', '--format', '{{.State.Status}} {{.State.Pid}}', id])).split(' ')
      return state === 'running' && Number(now) !== pid
    })
    await this.#back(id)
  }

  async blackholeReplica(name: string): Promise<void> {
    this.#note(`${name} vanishes`)
    await docker(['kill', this.#named(name).id])
  }

  async restoreReplica(name: string): Promise<void> {
    const { id } = this.#named(name)
    await docker(['start', id])
    await this.#back(id)
  }

  async roll(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const previous = this.#desired
    this.#desired = { ...previous, environment: { ...previous.environment, ...environment } }
    this.#project.configure(this.#desired)
    try {
      await replaceReplicas({
        project: this.#project.name,
        compose: (...args) => this.#project.compose(...args),
        onProgress: (line) => this.#note(line),
        leaving: (container) => this.#keepLogs(container),
      })
    } catch (fault) {
      this.#desired = previous
      this.#project.configure(previous)
      throw fault
    } finally {
      await this.refresh()
    }
  }

  async scale(replicas: number): Promise<void> {
    this.#note(`there shall be ${replicas} replicas`)
    for (const container of this.#replicas.slice(replicas)) await this.#keepLogs(container)
    const scale = ['--scale', `app=${replicas}`, 'app']
    await this.#project.compose('up', '--detach', '--wait', '--no-deps', '--no-recreate', '--no-build', ...scale)
    this.#desired = { ...this.#desired, replicas }
    await this.refresh()
    this.#note(`there are ${this.#replicas.length} replicas`)
  }

  async restartNginx(): Promise<void> {
    await this.#again('nginx', ['restart'])
  }

  async restartPostgres(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    if (mode === 'fast') return await this.#again('postgres', ['restart'])
    await this.stopPostgres(mode)
    await this.startPostgres()
  }

  async stopPostgres(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const { id } = await this.#only('postgres')
    this.#note(`Postgres stops (${mode})`)
    await docker(mode === 'fast' ? ['stop', id] : ['kill', '--signal', 'QUIT', id])
    await docker(['wait', id])
  }

  async startPostgres(): Promise<void> {
    await this.#again('postgres', ['start'])
  }

  async logs(): Promise<string> {
    for (const container of [...this.#replicas, ...(await this.#others())]) await this.#keepLogs(container)
    return readLogs([this.#logs])
  }

  async stop(): Promise<void> {
    await this.#dispose('stop')
  }

  async destroy(): Promise<void> {
    await this.#dispose('destroy')
  }

  async #again(service: string, how: readonly string[]): Promise<void> {
    const { id } = await this.#only(service)
    this.#note(`${service}: ${how.join(' ')}`)
    await docker([...how, id])
    await this.#back(id)
  }

  async #back(id: string): Promise<void> {
    await waitUntilHealthy(id)
    await this.refresh()
    this.#note(`container ${id.slice(0, 12)} is healthy`)
  }

  async #only(service: string): Promise<Container> {
    const [container] = await containersOf(this.#project.name, service)
    if (container === undefined) throw new Error(`There is no container of ${service}`)
    return container
  }

  async #others(): Promise<readonly Container[]> {
    return [await this.#only('nginx'), await this.#only('postgres')]
  }

  async #keepLogs(container: Container): Promise<void> {
    await keepLogs(container, this.#logs, this.#since)
  }

  #named(name: string): Container {
    const container = this.#replicas.find((replica) => replica.name === name)
    if (container === undefined) throw new Error(`There is no replica ${name}`)
    return container
  }

  #note(event: string): void {
    note(this.#logs, event)
  }
}

import { rm } from 'node:fs/promises'
import type { Cluster, Replica } from '../cluster.ts'
import type { ClusterContext } from '../context.ts'
import { readLogs } from '../diagnostics/timeline.ts'
import type { Postgres, StopMode } from '../postgres/postgres.ts'
import { releaseLock } from '../processes/lock-file.ts'
import { forgetProcesses } from '../processes/orphans.ts'
import type { Components } from './components.ts'

/** A cluster of processes on this machine. */
export class LocalCluster implements Cluster {
  readonly #context: ClusterContext
  readonly #components: Components
  readonly #changed: () => void

  /** `onChange` is called when a part has a new process. */
  constructor(context: ClusterContext, components: Components, onChange: () => void) {
    this.#context = context
    this.#components = components
    this.#changed = onChange
  }

  get url(): string {
    return this.#components.nginx?.url ?? ''
  }

  get nginxPid(): number {
    return this.#components.nginx?.pid ?? 0
  }

  get folder(): string {
    return this.#context.folder
  }

  get databaseUrl(): string {
    return this.#context.databaseUrl
  }

  get replicas(): readonly Replica[] {
    return this.#components.replicaSet.replicas
  }

  async migrate(): Promise<void> {
    await this.#context.runCommand('migrate')
  }

  async restartReplica(name: string): Promise<void> {
    await this.#components.replicaSet.get(name).restart()
  }

  async killReplica(name: string): Promise<void> {
    await this.#components.replicaSet.get(name).kill()
  }

  /** A closed port refuses at once: no local address can be silent. */
  async blackholeReplica(): Promise<void> {
    throw new Error('On this machine no address is silent')
  }

  async restoreReplica(): Promise<void> {
    throw new Error('On this machine no replica is lost')
  }

  async scale(replicas: number): Promise<void> {
    this.#context.note(`there shall be ${replicas} replicas`)
    await this.#components.scale(replicas)
    this.#context.note(`there are ${replicas} replicas`)
    this.#changed()
  }

  async roll(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const previous = this.#context.settings
    this.#context.refresh(environment)
    try {
      await this.#components.replicaSet.roll()
    } catch (fault) {
      // A replica that is restarted from now on needs the settings that worked.
      this.#context.settings = previous
      this.#components.replicaSet.killUnready()
      throw fault
    }
  }

  async restartNginx(): Promise<void> {
    this.#context.note('nginx restarts')
    await this.#components.nginx?.restart()
    this.#context.note('nginx is back')
    this.#changed()
  }

  /** Restarts nginx and Postgres where they died. Not for a cluster that stops them on purpose. */
  async restartCrashed(onProgress: (line: string) => void): Promise<void> {
    const log = (line: string) => {
      this.#context.note(line)
      onProgress(line)
    }
    if (this.#components.nginx?.running() === false) {
      log('nginx died; starting it again')
      await this.restartNginx()
    }
    if (this.#components.postgres?.running() === false) {
      log('Postgres died; starting it again')
      await this.startPostgres()
    }
  }

  async restartPostgres(mode: StopMode = 'fast'): Promise<void> {
    await this.stopPostgres(mode)
    await this.startPostgres()
  }

  async stopPostgres(mode: StopMode = 'fast'): Promise<void> {
    this.#context.note(`Postgres stops (${mode})`)
    await this.#ownPostgres().stop(mode)
    this.#context.note('Postgres is away')
  }

  async startPostgres(): Promise<void> {
    await this.#ownPostgres().start()
    this.#context.note('Postgres is back')
    this.#changed()
  }

  async logs(): Promise<string> {
    return readLogs([this.#context.logs, this.#context.path('nginx')])
  }

  async stop(): Promise<void> {
    this.#context.note('the cluster stops')
    await this.#components.stop()
    forgetProcesses(this.folder)
    releaseLock(this.folder)
  }

  async destroy(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  #ownPostgres(): Postgres {
    if (this.#components.postgres === undefined) throw new Error('This cluster uses a database that is not its own')
    return this.#components.postgres
  }
}

import { rm } from 'node:fs/promises'
import type { Cluster, Replica } from '../cluster.ts'
import type { Premises } from '../context.ts'
import { readLogs } from '../diagnostics/timeline.ts'
import type { Postgres, StopMode } from '../postgres/postgres.ts'
import { identify } from '../processes/identity.ts'
import { signalGroup } from '../processes/kill-on-exit.ts'
import { endTenure } from '../processes/lock-file.ts'
import { forgetProcesses } from '../processes/orphans.ts'
import type { Parts } from './components.ts'

/** A cluster on this machine. */
export class LocalCluster implements Cluster {
  readonly #premises: Premises
  readonly #parts: Parts
  readonly #changed: () => void

  /** `changed` is called when another process does the work of one part. */
  constructor(premises: Premises, parts: Parts, changed: () => void) {
    this.#premises = premises
    this.#parts = parts
    this.#changed = changed
  }

  get url(): string {
    return this.#parts.nginx?.url ?? ''
  }

  get nginxPid(): number {
    return this.#parts.nginx?.pid ?? 0
  }

  get folder(): string {
    return this.#premises.folder
  }

  get databaseUrl(): string {
    return this.#premises.databaseUrl
  }

  get replicas(): readonly Replica[] {
    return this.#parts.fleet.replicas
  }

  /** Brings the schema up to date with the files. */
  async migrate(): Promise<void> {
    await this.#premises.chore('migrate')
  }

  async restartReplica(name: string): Promise<void> {
    await this.#parts.fleet.named(name).restart()
  }

  async killReplica(name: string): Promise<void> {
    await this.#parts.fleet.named(name).kill()
  }

  /** Whose address is closed refuses at once; silent is none here. */
  async loseReplica(): Promise<void> {
    throw new Error('On this machine no address is silent')
  }

  async findReplica(): Promise<void> {
    throw new Error('On this machine no replica is lost')
  }

  async scale(replicas: number): Promise<void> {
    this.#premises.note(`there shall be ${replicas} replicas`)
    await this.#parts.scale(replicas)
    this.#premises.note(`there are ${replicas} replicas`)
    this.#changed()
  }

  async roll(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const former = this.#premises.settings
    this.#premises.refresh(environment)
    try {
      await this.#parts.fleet.roll()
    } catch (fault) {
      // The one that did not come up, and any that dies later, is better off with the settings that worked.
      this.#premises.settings = former
      this.#parts.fleet.giveUpUnready()
      throw fault
    }
  }

  async restartNginx(): Promise<void> {
    this.#premises.note('nginx restarts')
    await this.#parts.restartNginx()
    this.#premises.note('nginx is back')
    this.#changed()
  }

  /** Starts nginx and Postgres again where they have died. Only for who never stops them on purpose. */
  async mend(say: (line: string) => void): Promise<void> {
    const tell = (line: string) => {
      this.#premises.note(line)
      say(line)
    }
    if (identify(this.nginxPid) === undefined) {
      tell('nginx died; starting it again')
      // Its workers live on without it, and keep the port.
      signalGroup(this.nginxPid, 'SIGKILL')
      await this.restartNginx()
    }
    if (this.#parts.postgres?.running() === false) {
      tell('Postgres died; starting it again')
      await this.startPostgres()
    }
  }

  async restartPostgres(mode: StopMode = 'fast'): Promise<void> {
    await this.stopPostgres(mode)
    await this.startPostgres()
  }

  async stopPostgres(mode: StopMode = 'fast'): Promise<void> {
    this.#premises.note(`Postgres stops (${mode})`)
    await this.#ownPostgres().stop(mode)
    this.#premises.note('Postgres is away')
  }

  async startPostgres(): Promise<void> {
    await this.#ownPostgres().start()
    this.#premises.note('Postgres is back')
    this.#changed()
  }

  async logs(): Promise<string> {
    return readLogs([this.#premises.logs, this.#premises.path('nginx')])
  }

  async stop(): Promise<void> {
    this.#premises.note('the cluster stops')
    await this.#parts.stop()
    forgetProcesses(this.folder)
    endTenure(this.folder)
  }

  async destroy(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  #ownPostgres(): Postgres {
    if (this.#parts.postgres === undefined) throw new Error('This cluster uses a database that is not its own')
    return this.#parts.postgres
  }
}

import { join } from 'node:path'
import process from 'node:process'
import { note, openLogs } from './diagnostics/timeline.ts'
import { runToEnd } from './processes/processes.ts'
import { environmentFor, readSettings, repository, type Settings } from './replica-environment.ts'
import { readOrCreateSecret } from './secret.ts'

export interface ClusterContextOptions {
  readonly folder: string
  /** Settings of a scenario. */
  readonly overrides?: Readonly<Record<string, string>> | undefined
  /** Reads `.env`. */
  readonly readDotEnv?: boolean | undefined
  /** The operators' commands. Default src/cli.ts. */
  readonly cli?: string | undefined
}

/** What the processes of one cluster share: folder, logs, settings, database. */
export class ClusterContext {
  readonly folder: string
  readonly logs: string
  settings: Settings
  /**
   * Of the cluster's own Postgres; undefined where the developer's settings name another database.
   */
  ownDatabase: string | undefined
  readonly #sessionSecret: string
  readonly #personal: boolean
  readonly #cli: string

  constructor({ folder, overrides, readDotEnv = false, cli = 'src/cli.ts' }: ClusterContextOptions) {
    this.folder = folder
    this.#cli = cli
    this.#personal = readDotEnv
    this.logs = openLogs(folder)
    this.settings = readSettings(readDotEnv, overrides)
    this.#sessionSecret = readOrCreateSecret(this.path('secrets', 'session'))
  }

  get databaseUrl(): string {
    return this.ownDatabase ?? this.settings.person.DATABASE_URL ?? ''
  }

  /** Reads the settings again, and adds these. */
  refresh(overrides: Readonly<Record<string, string>>): void {
    this.settings = readSettings(this.#personal, { ...this.settings.overrides, ...overrides })
  }

  path(...names: string[]): string {
    return join(this.folder, ...names)
  }

  log(name: string): string {
    return join(this.logs, `${name}.log`)
  }

  environment(own: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return environmentFor(this.settings, this.#sessionSecret, this.ownDatabase, own)
  }

  note(event: string): void {
    note(this.logs, event)
  }

  /** Runs `migrate` or `seed` to its end. Throws with its last lines. */
  async runCommand(command: string): Promise<void> {
    const program = { command: process.execPath, args: [this.#cli, command], cwd: repository }
    await runToEnd(command, { ...program, env: this.environment(), log: this.log(command) })
  }
}

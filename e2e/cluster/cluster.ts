export interface Replica {
  readonly name: string
  /** Answers directly, not through nginx. */
  readonly url: string
  readonly metricsUrl: string
  readonly pid: number
}

/** What a target lets a scenario do; a scenario that needs more is skipped there. */
export type Ability = 'restart' | 'scale' | 'kill' | 'database' | 'nginx' | 'environment'

/** Where the suite runs: replicas behind a load balancer, over one database. */
export interface Cluster {
  /** Through nginx. */
  readonly url: string
  readonly databaseUrl: string
  /** Always current; the names app-1 … app-N are stable over restarts. */
  readonly replicas: readonly Replica[]
  /** Data and logs. */
  readonly folder: string
  can(what: Ability): boolean
  /** Ends one with SIGTERM, starts it again, and waits until it is ready. */
  restartReplica(name: string): Promise<void>
  /** Ends one with SIGKILL, and waits until the watcher has made it ready again. */
  killReplica(name: string): Promise<void>
  /** All, one by one; settings given here hold from then on. Throws where one does not come up, and keeps the rest. */
  roll(environment?: Readonly<Record<string, string>>): Promise<void>
  restartNginx(): Promise<void>
  restartPostgres(mode?: 'fast' | 'immediate'): Promise<void>
  stopPostgres(): Promise<void>
  startPostgres(): Promise<void>
  /** Everything that replicas, nginx and Postgres have logged so far, and what was done to them when. */
  logs(): Promise<string>
  /** Drains, ends everything, keeps the data. */
  stop(): Promise<void>
  /** Stops, and removes the folder. */
  destroy(): Promise<void>
}

export interface ClusterOptions {
  /** Default: E2E_REPLICAS, else 3. */
  readonly replicas?: number
  /** Default: a fresh one for temporary files. */
  readonly folder?: string
  /** nginx listens here; 0, the default: a free one. */
  readonly port?: number
  /** Idle connections that nginx keeps to the replicas; 0: none. */
  readonly keepalive?: number
  /** Settings of the replicas, beside and before those of the environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** Default: a Postgres of its own. */
  readonly databaseUrl?: string
  /** With demo people and products. Default false. */
  readonly seed?: boolean
  /** Is told each step. Default: nobody is. */
  readonly say?: (line: string) => void
}

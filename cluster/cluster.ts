export interface Replica {
  /** As in X-Served-By. */
  readonly name: string
  /** Answers directly, not through what stands in front (where the target has the ability `replicas`). */
  readonly url: string
  readonly metricsUrl: string
  /** Changes with every start; 0 where it cannot be known. */
  readonly pid: number
}

/** What a target lets a scenario do; a scenario that needs more is not run there, with the reason. */
export type Capability =
  /** Each replica answers at an address of its own. */
  | 'replicas'
  | 'metrics'
  /** The database can be asked from here. */
  | 'database'
  /** Replicas can be given a database that is only on this machine. */
  | 'external-database'
  /** Settings of replicas can be given. */
  | 'environment'
  /** A replica can load a file of the suite beside its own program. */
  | 'preload-module'
  | 'logs'
  /** All replicas can be replaced one by one. */
  | 'restart'
  /** One replica can be restarted and is there again under its name. */
  | 'restart-one'
  | 'scale'
  /** A replica's process can be killed, and comes back by itself. */
  | 'kill'
  /** A replica's address can be made silent. */
  | 'blackhole'
  /** Its Postgres can be stopped and started. */
  | 'postgres'
  /** An nginx of ours stands in front, and can be restarted. */
  | 'nginx'
  /** All of it can be stopped and started on the same data. */
  | 'full-restart'
  /** Clients with several addresses are told apart. */
  | 'addresses'
  /** A second cluster can stand beside the first. */
  | 'second-cluster'
  /** The application of before can stand beside, without TLS. */
  | 'legacy-app'

/** Where the suite runs: replicas behind a load balancer, over one database. */
export interface Cluster {
  /** Through nginx, or whatever stands in front. */
  readonly url: string
  readonly databaseUrl: string
  /** Always current. */
  readonly replicas: readonly Replica[]
  /** Data and logs. */
  readonly folder: string
  /** Ends one with SIGTERM, starts it again, and waits until it is ready. */
  restartReplica(name: string): Promise<void>
  /** Ends one with SIGKILL, and waits until it is ready again by itself. */
  killReplica(name: string): Promise<void>
  /** One is gone at once, as a machine that lost its power: its address is silent, and nobody starts it again. */
  blackholeReplica(name: string): Promise<void>
  /** The lost one is started again; waits until it is ready. */
  restoreReplica(name: string): Promise<void>
  /** All, one by one; settings given here hold from then on. Throws where one does not come up, and keeps the rest. */
  roll(environment?: Readonly<Record<string, string>>): Promise<void>
  /** Resolves when there are so many, all ready, and what was too much is gone. */
  scale(replicas: number): Promise<void>
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
  /** Default: a fresh one for temporary files. The same one again: the same data. */
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
  readonly onProgress?: (line: string) => void
}

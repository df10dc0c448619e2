export interface Replica {
  /** As in X-Served-By. */
  readonly name: string
  /** Reaches the replica directly (capability `replicas`). */
  readonly url: string
  readonly metricsUrl: string
  /** Changes with every start. 0: unknown. */
  readonly pid: number
}

/** What a target can do. A scenario that needs more is not run there, with the reason. */
export type Capability =
  /** Each replica has its own address. */
  | 'replicas'
  | 'metrics'
  /** The suite can query the database. */
  | 'database'
  /** Replicas can use a database on this machine. */
  | 'external-database'
  /** Scenarios can set the replicas' settings. */
  | 'environment'
  /** A replica can preload a file of the suite. */
  | 'preload-module'
  | 'logs'
  /** All replicas can be replaced one by one. */
  | 'restart'
  /** One replica can be restarted under the same name. */
  | 'restart-one'
  | 'scale'
  /** A replica's process can be killed, and is restarted. */
  | 'kill'
  /** A replica's address can be blackholed. */
  | 'blackhole'
  /** Its Postgres can be stopped and started. */
  | 'postgres'
  /** Our nginx is in front, and can be restarted. */
  | 'nginx'
  /** Everything can be stopped and started on the same data. */
  | 'full-restart'
  /** Clients can have different addresses. */
  | 'addresses'
  /** A second cluster can run beside the first. */
  | 'second-cluster'
  /** The legacy application can run beside it, without TLS. */
  | 'legacy-app'

/** Replicas behind a load balancer, over one database. */
export interface Cluster {
  /** Of nginx, or another load balancer. */
  readonly url: string
  readonly databaseUrl: string
  readonly replicas: readonly Replica[]
  /** Data and logs. */
  readonly folder: string
  /** Stops one with SIGTERM, starts it, and waits until it is ready. */
  restartReplica(name: string): Promise<void>
  /** Kills one with SIGKILL, and waits until it is ready again. */
  killReplica(name: string): Promise<void>
  /** As a machine that lost its power: the address is silent, and nothing restarts the replica. */
  blackholeReplica(name: string): Promise<void>
  /** Starts it again, and waits until it is ready. */
  restoreReplica(name: string): Promise<void>
  /**
   * Replaces all, one by one, with these settings from then on. Throws where one does not become
   * ready, and keeps the others.
   */
  roll(environment?: Readonly<Record<string, string>>): Promise<void>
  /** Resolves when so many replicas are ready, and the surplus ones are gone. */
  scale(replicas: number): Promise<void>
  restartNginx(): Promise<void>
  restartPostgres(mode?: 'fast' | 'immediate'): Promise<void>
  stopPostgres(): Promise<void>
  startPostgres(): Promise<void>
  /** The logs of replicas, nginx and Postgres, and a timeline of what was done to them. */
  logs(): Promise<string>
  /** Drains and stops everything. Keeps the data. */
  stop(): Promise<void>
  /** Stops, and removes the folder. */
  destroy(): Promise<void>
}

export interface ClusterOptions {
  /** Default: E2E_REPLICAS, else 3. */
  readonly replicas?: number
  /** Default: a new temporary folder. The same folder has the same data. */
  readonly folder?: string
  /** nginx's port. Default 0: a free one. */
  readonly port?: number
  /** nginx's idle connections to the replicas. 0: none. */
  readonly keepalive?: number
  /** The replicas' settings. They override the environment's. */
  readonly environment?: Readonly<Record<string, string>>
  /** Default: its own Postgres. */
  readonly databaseUrl?: string
  /** Adds demo accounts and products. Default false. */
  readonly seed?: boolean
  /** Called for each step. */
  readonly onProgress?: (line: string) => void
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cluster, Replica } from '../cluster.ts'
import type { ClusterContext } from '../context.ts'
import { readLogs } from '../diagnostics/timeline.ts'
import type { TcpForwarder } from '../docker/tcp-forwarder.ts'
import type { Postgres, StopMode } from '../postgres/postgres.ts'
import { freePort } from '../processes/ports.ts'
import { readOrCreateSecret } from '../secret.ts'
import { type Certificate, keptCertificate, trust } from './certificate.ts'
import { type Edge, startEdge, type Upstream } from './edge.ts'
import type { RailwayService } from './railway-service.ts'

export interface RailwayParts {
  readonly context: ClusterContext
  /** Undefined with an external database. */
  readonly postgres: Postgres | undefined
  readonly forwarder: TcpForwarder
  readonly service: RailwayService
  /** As in `.railway/railway.ts`. */
  readonly variables: Readonly<Record<string, string>>
  /** Disposed when the cluster stops. */
  readonly stack: AsyncDisposableStack
}

/** A Railway project with one service, imitated on one machine. */
export class RailwayCluster implements Cluster {
  readonly #parts: RailwayParts
  /** One edge for each replica. */
  readonly #replicaEdges = new Map<string, Edge>()
  #certificate: Certificate | undefined
  #edge: Edge | undefined

  constructor(parts: RailwayParts) {
    this.#parts = parts
  }

  /** Starts the first deployment, then the edge. Port 0: a free one. */
  async open(replicas: number, port = 0): Promise<void> {
    const { service, context, stack } = this.#parts
    this.#certificate = await keptCertificate(join(context.folder, 'secrets'))
    trust(this.#certificate)
    stack.defer(() => service.stop())
    await service.deploy(replicas, this.#environment())
    stack.defer(() => this.#close())
    this.#edge = await this.#openEdge(port, () => service.choose())
    await this.#openReplicaEdges()
  }

  get url(): string {
    return this.#edge?.url ?? ''
  }

  get folder(): string {
    return this.#parts.context.folder
  }

  get databaseUrl(): string {
    return this.#parts.context.databaseUrl
  }

  get replicas(): readonly Replica[] {
    return this.#parts.service.containers.map(({ name, metricsUrl, pid }) => {
      return { name, metricsUrl, pid, url: this.#replicaEdges.get(name)?.url ?? '' }
    })
  }

  async restartReplica(name: string): Promise<void> {
    await this.#parts.service.restart(name)
  }

  async killReplica(name: string): Promise<void> {
    await this.#parts.service.crash(name)
  }

  async blackholeReplica(): Promise<void> {
    throw new Error('Railway starts a container again that has ended')
  }

  async restoreReplica(): Promise<void> {
    throw new Error('Railway starts a container again that has ended')
  }

  /** A deployment. */
  async roll(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const { context, service } = this.#parts
    const previous = context.settings
    context.refresh(environment)
    try {
      await service.deploy(service.containers.length, this.#environment())
    } catch (fault) {
      context.settings = previous
      throw fault
    }
  }

  async scale(replicas: number): Promise<void> {
    await this.#parts.service.scale(replicas)
    await this.#openReplicaEdges()
  }

  async restartNginx(): Promise<void> {
    throw new Error('There is no nginx on Railway')
  }

  async restartPostgres(mode: StopMode = 'fast'): Promise<void> {
    await this.stopPostgres(mode)
    await this.startPostgres()
  }

  async stopPostgres(mode: StopMode = 'fast'): Promise<void> {
    await this.#ownPostgres().stop(mode)
    this.#parts.context.note(`Postgres is away (${mode})`)
  }

  async startPostgres(): Promise<void> {
    await this.#ownPostgres().start()
    this.#parts.context.note('Postgres is back')
  }

  async logs(): Promise<string> {
    return readLogs([this.#parts.context.logs])
  }

  async stop(): Promise<void> {
    this.#parts.context.note('the cluster stops')
    await this.#parts.stack.disposeAsync()
  }

  /** Without a drain. */
  async destroy(): Promise<void> {
    await this.#parts.service.abandon()
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  /** With Railway's references resolved. A scenario's variables come last. */
  #environment(): Record<string, string> {
    const { variables, forwarder, context } = this.#parts
    const resolved = Object.entries(variables).map(([name, text]) => [name, resolve(text, forwarder.url)])
    const SESSION_SECRET = readOrCreateSecret(context.path('secrets', 'session'))
    return { SESSION_SECRET, ...Object.fromEntries(resolved), ...context.settings.overrides }
  }

  async #openEdge(port: number, choose: () => Upstream | undefined): Promise<Edge> {
    if (this.#certificate === undefined) throw new Error('The cluster is not open')
    return await startEdge({ certificate: this.#certificate, port: port || (await freePort()), choose })
  }

  async #openReplicaEdges(): Promise<void> {
    const { service } = this.#parts
    for (const { name } of service.containers) {
      if (this.#replicaEdges.has(name)) continue
      this.#replicaEdges.set(name, await this.#openEdge(0, () => service.containers.find((one) => one.name === name)))
    }
  }

  async #close(): Promise<void> {
    await Promise.all([this.#edge, ...this.#replicaEdges.values()].map((edge) => edge?.close()))
    this.#replicaEdges.clear()
  }

  #ownPostgres(): Postgres {
    if (this.#parts.postgres === undefined) throw new Error('This cluster uses a database that is not its own')
    return this.#parts.postgres
  }
}

/** The values of `${{Postgres.…}}`. Without Railway's PgBouncer both are the same address. */
function resolve(text: string, databaseUrl: string): string {
  const resolved = text.replaceAll(/\$\{\{Postgres\.DATABASE_(UNPOOLED_)?URL\}\}/g, databaseUrl)
  if (resolved.includes('${{')) throw new Error(`Nothing is known here that ${text} stands for`)
  return resolved
}

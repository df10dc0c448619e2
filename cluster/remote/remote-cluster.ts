import { getOnce } from '../../test-support/http-client.ts'
import type { Cluster, Replica } from '../cluster.ts'
import { waitFor } from '../processes/wait-for.ts'

/** The operator's commands. Each resolves when it is done. */
export interface Commands {
  restart(): Promise<void>
  scale(replicas: number): Promise<void>
}

/** So many responses without a new name: all replicas are known. */
const ENOUGH = 40
/** A remote machine may need minutes to start a replica. */
const PATIENCE = 300_000

/** A deployment known by its URL only. Its replicas are those that answer there. */
export class RemoteCluster implements Cluster {
  readonly url: string
  readonly databaseUrl = ''
  readonly folder = ''
  readonly #commands: Commands
  #names: readonly string[] = []

  constructor(url: string, commands: Commands) {
    this.url = url
    this.#commands = commands
  }

  /** No replica has its own address: all share one. */
  get replicas(): readonly Replica[] {
    return this.#names.map((name) => ({ name, url: this.url, metricsUrl: '', pid: 0 }))
  }

  /**
   * Requests until `count` replicas and no other have answered; without `count` until no new one
   * comes.
   */
  async meet(count?: number): Promise<void> {
    const met = `${count ?? 'all'} replicas to answer at ${this.url}`
    this.#names = await waitFor(met, PATIENCE, async () => {
      const names = await this.#answerers()
      return (count === undefined ? names.length > 0 : names.length === count) && names
    })
  }

  async roll(): Promise<void> {
    const count = this.#names.length
    await this.#commands.restart()
    await this.meet(count)
  }

  async scale(replicas: number): Promise<void> {
    await this.#commands.scale(replicas)
    await this.meet(replicas)
  }

  async logs(): Promise<string> {
    return ''
  }

  async stop(): Promise<void> {}
  async destroy(): Promise<void> {}

  readonly restartReplica = outOfReach
  readonly killReplica = outOfReach
  readonly blackholeReplica = outOfReach
  readonly restoreReplica = outOfReach
  readonly restartNginx = outOfReach
  readonly restartPostgres = outOfReach
  readonly stopPostgres = outOfReach
  readonly startPostgres = outOfReach

  async #answerers(): Promise<readonly string[]> {
    const names = new Set<string>()
    for (let since = 0; since < ENOUGH; since++) {
      const name = await answererAt(`${this.url}/livez`)
      if (name === undefined || names.has(name)) continue
      names.add(name)
      since = 0
    }
    return [...names].sort()
  }
}

async function outOfReach(): Promise<void> {
  throw new Error('That is out of reach from here')
}

/** On a new connection, so that a balancer that assigns connections chooses again. */
async function answererAt(url: string): Promise<string | undefined> {
  const response = await getOnce(url, { timeoutMs: 5_000 }).catch(() => undefined)
  return response?.headers['x-served-by']?.toString()
}

import { getOnce } from '../../test-support/http-client.ts'
import type { Cluster, Replica } from '../cluster.ts'
import { waitFor } from '../processes/wait-for.ts'

/** The person's commands; each resolves when what it does is done. */
export interface Commands {
  restart(): Promise<void>
  scale(replicas: number): Promise<void>
}

/** So many answers without a new name: all have been met. */
const ENOUGH = 40
/** A machine somewhere may take minutes to start a replica. */
const PATIENCE = 300_000

/** A deployment that is known by its address alone: replicas are those who answer there. */
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

  /** None has an address of its own: each is met behind the one that all share. */
  get replicas(): readonly Replica[] {
    return this.#names.map((name) => ({ name, url: this.url, metricsUrl: '', pid: 0 }))
  }

  /** Asks until `count` replicas have answered and nobody else does; without it until no new one comes. */
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

/** On a connection of its own, so that a balancer that assigns connections chooses anew. */
async function answererAt(url: string): Promise<string | undefined> {
  const response = await getOnce(url, { timeoutMs: 5_000 }).catch(() => undefined)
  return response?.headers['x-served-by']?.toString()
}

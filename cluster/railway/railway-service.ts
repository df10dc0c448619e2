import { setTimeout as sleep } from 'node:timers/promises'
import { type ContainerOptions, RailwayContainer } from './railway-container.ts'
import type { RailwaySettings } from './railway-file.ts'

export interface ServiceOptions {
  readonly settings: RailwaySettings
  /** From an old container's SIGTERM until the edge knows. */
  readonly edgeLagMs: number
  readonly place: Pick<ContainerOptions, 'network' | 'label' | 'image' | 'port'>
  /** The pre-deploy command. Throws where it fails. */
  readonly preDeploy: (command: string, environment: Readonly<Record<string, string>>) => Promise<void>
  readonly log: (name: string) => string
  readonly onProgress: (line: string) => void
}

/** A service: its deployments, and the containers that the edge uses. */
export class RailwayService {
  readonly #options: ServiceOptions
  #deployments = 0
  #environment: Readonly<Record<string, string>> = {}
  /** The current deployment. */
  #active: readonly RailwayContainer[] = []
  /** The containers that the edge knows. */
  #known: readonly RailwayContainer[] = []

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  get containers(): readonly RailwayContainer[] {
    return this.#active
  }

  /** A running one, at random. */
  choose(): RailwayContainer | undefined {
    return this.#known[Math.floor(Math.random() * this.#known.length)]
  }

  named(name: string): RailwayContainer {
    const container = this.#active.find((candidate) => candidate.name === name)
    if (container === undefined) throw new Error(`There is no replica ${name}`)
    return container
  }

  /**
   * Pre-deploy command, new containers, health check, overlap, then the old ones stop. Throws where
   * a step fails, and keeps the old ones.
   */
  async deploy(count: number, environment: Readonly<Record<string, string>>): Promise<void> {
    const { settings, preDeploy, onProgress } = this.#options
    onProgress(`deployment ${++this.#deployments}: ${settings.preDeploy}`)
    await preDeploy(settings.preDeploy, environment)
    const fresh = await this.#bring(numbers(1, count), environment)
    const old = this.#active
    this.#environment = environment
    this.#active = fresh
    this.#known = [...this.#known, ...fresh]
    onProgress(`deployment ${this.#deployments} is active`)
    if (old.length === 0) return
    await sleep(settings.overlap)
    await this.#remove(old)
  }

  /** Changes the number of containers. */
  async scale(count: number): Promise<void> {
    const previous = this.#active.length
    const fresh = count > previous ? await this.#bring(numbers(previous + 1, count), this.#environment) : []
    const surplus = this.#active.slice(count)
    this.#active = [...this.#active.slice(0, count), ...fresh]
    this.#known = [...this.#known, ...fresh]
    await this.#remove(surplus)
  }

  /** Restarts the process in its container, as the dashboard's "Restart". */
  async restart(name: string): Promise<void> {
    const container = this.named(name)
    await this.#remove([container])
    await container.start()
    await this.#check(container)
    this.#known = [...this.#known, container]
  }

  /** Resolves when it answers again. */
  async crash(name: string): Promise<void> {
    const container = this.named(name)
    this.#options.onProgress(`SIGKILL to ${name}`)
    await container.crash()
    await this.#check(container)
  }

  async stop(): Promise<void> {
    await this.#remove(this.#active)
    this.#active = []
  }

  /** Without a drain. */
  async abandon(): Promise<void> {
    await Promise.all(this.#active.map((container) => container.terminate(0)))
    this.#active = []
  }

  async #bring(which: readonly number[], environment: Readonly<Record<string, string>>): Promise<RailwayContainer[]> {
    const fresh = which.map((number) => this.#make(`app-${number}`, environment))
    try {
      await Promise.all(fresh.map((container) => container.start()))
      await Promise.all(fresh.map((container) => this.#check(container)))
      return fresh
    } catch (fault) {
      this.#options.onProgress(`deployment ${this.#deployments} failed`)
      await Promise.all(fresh.map((container) => container.terminate(0)))
      throw fault
    }
  }

  #make(name: string, environment: Readonly<Record<string, string>>): RailwayContainer {
    const { place, settings, onProgress, log } = this.#options
    const container = `${place.network}-${this.#deployments}-${name}`
    return new RailwayContainer({
      ...place,
      name,
      container,
      environment,
      retries: settings.retries,
      log: log(name),
      onProgress,
    })
  }

  async #check(container: RailwayContainer): Promise<void> {
    const { path, within } = this.#options.settings.health
    await container.healthy(path, within)
  }

  /** SIGTERM, and SIGKILL after the draining time. The edge learns late. */
  async #remove(old: readonly RailwayContainer[]): Promise<void> {
    const { settings, edgeLagMs, onProgress } = this.#options
    if (old.length === 0) return
    onProgress(`SIGTERM to ${old.map(({ name }) => name).join(', ')}`)
    const gone = Promise.all(old.map((container) => container.terminate(settings.draining)))
    await sleep(edgeLagMs)
    this.#known = this.#known.filter((container) => !old.includes(container))
    for (const container of old) container.forget()
    await gone
  }
}

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../processes/wait-for.ts'
import type { LocalReplica } from './replica.ts'

export class ReplicaSet {
  #replicas: readonly LocalReplica[] = []
  readonly #make: (name: string) => Promise<LocalReplica>
  readonly #pauseMs: number

  /**
   * `pauseMs`: between one's readiness and the next one's stop. nginx marks a failed replica for a
   * second.
   */
  constructor(make: (name: string) => Promise<LocalReplica>, pauseMs = 2_000) {
    this.#make = make
    this.#pauseMs = pauseMs
  }

  get replicas(): readonly LocalReplica[] {
    return this.#replicas
  }

  /** Adds the missing ones of app-1 … app-N. Returns the new ones, which are not started. */
  async grow(count: number): Promise<readonly LocalReplica[]> {
    const numbers = Array.from(
      { length: count - this.#replicas.length },
      (_, index) => this.#replicas.length + index + 1,
    )
    const fresh = await Promise.all(numbers.map((number) => this.#make(`app-${number}`)))
    this.#replicas = [...this.#replicas, ...fresh]
    return fresh
  }

  /** Returns the surplus ones, still running, and forgets them. */
  shrink(count: number): readonly LocalReplica[] {
    const surplus = this.#replicas.slice(count)
    this.#replicas = this.#replicas.slice(0, count)
    return surplus
  }

  get(name: string): LocalReplica {
    const replica = this.replicas.find((candidate) => candidate.name === name)
    if (replica === undefined) throw new Error(`There is no replica ${name}`)
    return replica
  }

  async start(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()))
  }

  /** Throws where one does not become ready, and leaves the others unchanged. */
  async roll(): Promise<void> {
    for (const replica of this.replicas) {
      await this.#waitForOthers(replica)
      await replica.restart()
    }
  }

  /** Kills unready replicas. Their watchers restart them. */
  killUnready(): void {
    for (const replica of this.replicas) if (replica.readyAt === undefined) replica.kill9()
  }

  async #waitForOthers(replica: LocalReplica): Promise<void> {
    const others = this.replicas.filter((other) => other !== replica)
    if (others.length === 0) return
    await waitFor('another replica to be ready', 30_000, () => others.some(({ readyAt }) => readyAt !== undefined))
    const latest = Math.max(...others.map(({ readyAt = 0 }) => readyAt))
    await sleep(Math.max(0, latest + this.#pauseMs - performance.now()))
  }
}

import process from 'node:process'
import type { SessionRows } from './stores/session-rows.ts'
import { WorkerProcess } from './worker-process.ts'
import type { Operation, Outcome, StoreName } from './workloads/workload.ts'

export interface WorkerPoolOptions {
  /** A migrated database. */
  readonly url: string
  readonly size: number
  readonly table: SessionRows
}

/** The replicas of the races: processes, each with a pool and stores of its own. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  #members: WorkerProcess[] = []
  #started = 0

  private constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const crew = new WorkerPool(options)
    crew.#members = await Promise.all(Array.from({ length: options.size }, () => crew.#start()))
    return crew
  }

  get size(): number {
    return this.#members.length
  }

  /** Runs a round; `kill`: one of the processes (by its place) is killed in the midst of it and replaced afterwards. */
  async run(store: StoreName, acts: readonly Operation[], kill?: number): Promise<Map<string, Outcome>> {
    const outcomes = new Map<string, Outcome>()
    const parts = this.#members.map((_, place) => acts.filter(({ worker }) => worker === place))
    await Promise.all(this.#members.map((member, place) => member.open(store, parts[place] ?? [])))
    await Promise.all(
      this.#members.map((member, place) => {
        const after = 1 + Math.floor(Math.random() * (parts[place]?.length ?? 1) * 0.8)
        return place === kill ? member.act(outcomes, after) : member.act(outcomes)
      }),
    )
    if (kill !== undefined) await this.#replace(kill)
    return outcomes
  }

  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
  }

  async #replace(place: number): Promise<void> {
    const killed = this.#members[place]
    // What it had sent to Postgres is carried out all the same.
    if (killed !== undefined) await this.#options.table.connectionsClosed(killed.name)
    this.#members[place] = await this.#start()
  }

  #start(): Promise<WorkerProcess> {
    this.#started++
    return WorkerProcess.start({ url: this.#options.url, name: `race-${process.pid}-${this.#started}` })
  }
}

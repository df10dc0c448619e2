import { join } from 'node:path'
import process from 'node:process'
import { startWorkerProcess, type WorkerProcess } from '../../test-support/worker-process.ts'
import type { Operation, Outcome, Outcomes } from './operation.ts'
import type { SessionRows } from './session-rows.ts'
import type { StoreName } from './stores.ts'
import type { OutcomeMessage, WorkerRequest, WorkerSettings } from './worker.ts'

/** The replicas: processes, each with a database pool and stores of its own. */
export class WorkerPool {
  readonly #url: string
  readonly #rows: SessionRows
  #workers: Worker[] = []
  #started = 0

  private constructor(url: string, rows: SessionRows) {
    this.#url = url
    this.#rows = rows
  }

  /** `url`: of a migrated database. */
  static async start(url: string, size: number, rows: SessionRows): Promise<WorkerPool> {
    const pool = new WorkerPool(url, rows)
    pool.#workers = await Promise.all(Array.from({ length: size }, () => pool.#start()))
    return pool
  }

  get size(): number {
    return this.#workers.length
  }

  /**
   * Runs a round. `killed`: the index of a process that is killed during the round, and replaced
   * after it.
   */
  async run(store: StoreName, operations: readonly Operation[], killed?: number): Promise<Outcomes> {
    const outcomes = new Map<string, Outcome>()
    const shares = this.#workers.map((_, index) => operations.filter(({ worker }) => worker === index))
    await Promise.all(
      this.#workers.map((worker, index) => worker.send({ kind: 'open', store, operations: shares[index] ?? [] })),
    )
    await Promise.all(
      this.#workers.map((worker, index) => {
        const killAfter = 1 + Math.floor(Math.random() * (shares[index]?.length ?? 1) * 0.8)
        return index === killed ? worker.runUntilKilled(outcomes, killAfter) : worker.run(outcomes)
      }),
    )
    if (killed !== undefined) await this.#replace(killed)
    return outcomes
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map(({ process }) => process.stop()))
  }

  async #replace(index: number): Promise<void> {
    // Postgres still processes what the killed process had sent.
    await this.#rows.connectionsClosed(this.#workers[index]?.name ?? '')
    this.#workers[index] = await this.#start()
  }

  async #start(): Promise<Worker> {
    this.#started++
    const worker = new Worker({ url: this.#url, name: `consistency-${process.pid}-${this.#started}` })
    await worker.send({ kind: 'connect' })
    return worker
  }
}

class Worker {
  readonly name: string
  readonly process: WorkerProcess

  constructor(settings: WorkerSettings) {
    this.name = settings.name
    this.process = startWorkerProcess(join(import.meta.dirname, 'worker.ts'), settings)
  }

  send(request: WorkerRequest): Promise<void> {
    return this.process.request(request)
  }

  /** Runs the operations that are open. */
  run(outcomes: Map<string, Outcome>, onOutcome = () => {}): Promise<void> {
    return this.process.request<void, OutcomeMessage>({ kind: 'run' }, ({ id, outcome }) => {
      outcomes.set(id, outcome)
      onOutcome()
    })
  }

  /**
   * Kills the process when so many operations have an outcome; most of the others will have none.
   */
  async runUntilKilled(outcomes: Map<string, Outcome>, killAfter: number): Promise<void> {
    let received = 0
    const run = this.run(outcomes, () => {
      received++
      if (received === killAfter) void this.process.kill()
    })
    await run.catch(() => undefined)
    await this.process.kill()
  }
}

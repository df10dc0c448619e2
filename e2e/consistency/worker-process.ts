import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import type { WorkerCommand, WorkerMessage, WorkerSettings } from './worker.ts'
import type { Operation, Outcome, StoreName } from './workloads/workload.ts'

type Outcomes = Map<string, Outcome>

/** One worker process, seen from the one that started it. */
export class WorkerProcess {
  readonly name: string
  readonly #child: ChildProcess
  /** Once no news can come any more. */
  readonly gone: Promise<void>
  #hear: (news: WorkerMessage) => void = () => {}
  #expected = 0

  private constructor(settings: WorkerSettings) {
    this.name = settings.name
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const program = join(import.meta.dirname, 'worker.ts')
    this.#child = fork(program, [JSON.stringify(settings)], { env, execArgv: [] })
    this.#child.on('message', (news: WorkerMessage) => this.#hear(news))
    // Not 'close': after our own disconnect it never comes.
    this.gone = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]).then(() => undefined)
  }

  static async start(settings: WorkerSettings): Promise<WorkerProcess> {
    const member = new WorkerProcess(settings)
    await member.#news('ready')
    return member
  }

  /** Begins the requests of a round, without letting them act. */
  async open(store: StoreName, acts: readonly Operation[]): Promise<void> {
    this.#expected = acts.length
    const opened = this.#news('opened')
    this.#order({ kind: 'open', store, acts })
    await opened
  }

  /** Lets them act. `kill`: the process is killed (SIGKILL) as soon as so many have told their outcome; the others then have none. */
  async act(outcomes: Outcomes, kill?: number): Promise<void> {
    let told = 0
    const all = new Promise<void>((resolve) => {
      this.#hear = (news) => {
        if (news.kind !== 'outcome') return
        outcomes.set(news.id, news.outcome)
        told++
        if (told === kill) this.#child.kill('SIGKILL')
        if (told === this.#expected) resolve()
      }
    })
    this.#order({ kind: 'act' })
    if (this.#expected === 0 && kill === undefined) return
    if (this.#expected === 0) this.#child.kill('SIGKILL')
    // What it had sent before it was killed is still heard.
    await Promise.race([all, this.gone])
    if (told < this.#expected && kill === undefined) throw this.#ended()
    if (kill !== undefined) await this.gone
  }

  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.gone
  }

  async #news(kind: WorkerMessage['kind']): Promise<void> {
    const heard = new Promise<boolean>((resolve) => {
      this.#hear = (news) => news.kind === kind && resolve(true)
    })
    if (!(await Promise.race([heard, this.gone.then(() => false)]))) throw this.#ended()
  }

  #order(order: WorkerCommand): void {
    this.#child.send(order)
  }

  #ended(): Error {
    return new Error(`${this.name} ended by itself (${this.#child.signalCode ?? `exit ${this.#child.exitCode}`})`)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Replica } from '../cluster.ts'
import { type Child, type Exit, lastLines, launch, StartError } from '../processes/processes.ts'
import { waitFor } from '../processes/wait-for.ts'
import { askReady } from './readiness.ts'

export interface ReplicaOptions {
  readonly name: string
  readonly port: number
  readonly metricsPort: number
  readonly command: readonly string[]
  readonly cwd: string
  readonly log: string
  /** Called at each start. */
  readonly environment: () => NodeJS.ProcessEnv
  /** Called for its events. */
  readonly onProgress: (line: string) => void
  /** Called when it has a new process. */
  readonly onChange: () => void
}

const readyWithin = 20_000
/** Longer than a replica's DRAIN_TIMEOUT. */
const endWithin = 25_000
const firstDelay = 250
const longestDelay = 10_000
/** After so long without a crash the backoff starts again. */
const healthyAfter = 60_000

/** A replica and its watcher, which restarts it. */
export class LocalReplica implements Replica {
  readonly name: string
  readonly url: string
  readonly metricsUrl: string
  /** By performance.now(); undefined while it is not ready. */
  readyAt: number | undefined
  readonly #options: ReplicaOptions
  #child: Child | undefined
  #shouldRun = false
  #failures = 0

  constructor(options: ReplicaOptions) {
    this.name = options.name
    this.url = `http://127.0.0.1:${options.port}`
    this.metricsUrl = `http://127.0.0.1:${options.metricsPort}/metrics`
    this.#options = options
  }

  get pid(): number {
    return this.#child?.identity.pid ?? 0
  }

  /** Throws StartError. The watcher keeps trying. */
  async start(): Promise<void> {
    this.#shouldRun = true
    await this.#ready(this.#spawn(), readyWithin)
  }

  async stop(): Promise<void> {
    this.#shouldRun = false
    await this.#child?.end({ timeoutMs: endWithin })
  }

  async restart(): Promise<void> {
    this.#options.onProgress(`${this.name} drains`)
    await this.stop()
    await this.start()
    this.#options.onProgress(`${this.name} is ready`)
  }

  /** Its watcher restarts it. */
  kill9(): void {
    this.#child?.signal('SIGKILL')
  }

  /** Waits until it is ready again. */
  async kill(): Promise<void> {
    const previous = this.#child
    this.#options.onProgress(`${this.name} is killed`)
    previous?.signal('SIGKILL')
    await previous?.exited
    await waitFor(
      `${this.name} to be ready again`,
      60_000,
      () => this.#child !== previous && this.readyAt !== undefined,
    )
  }

  #spawn(): Child {
    const [command = '', ...args] = this.#options.command
    const { cwd, log, environment } = this.#options
    const child = launch({ command, args, cwd, log, env: environment() })
    this.#child = child
    this.readyAt = undefined
    this.#options.onChange()
    void child.exited.then((exit) => this.#ended(child, exit))
    return child
  }

  async #ready(child: Child, within: number): Promise<void> {
    let reason = ''
    const ready = await waitFor('', within, async () => {
      if (!child.running()) return 'ended'
      const answer = await askReady(this.url)
      if (answer !== 'ready') reason = answer
      return answer === 'ready' ? 'ready' : undefined
    }).catch(() => 'late')
    if (ready === 'ready') this.readyAt = performance.now()
    else throw await this.#fault(child, ready === 'late' ? reason : undefined)
  }

  async #fault(child: Child, reason: string | undefined): Promise<StartError> {
    const lines = lastLines(child.output())
    if (reason !== undefined) return new StartError(`${this.name} is not ready: ${reason}\n${lines}`, null)
    const { code, signal } = await child.exited
    return new StartError(`${this.name} ended at once (${signal ?? `exit ${code}`}):\n${lines}`, code)
  }

  async #ended(child: Child, exit: Exit): Promise<void> {
    if (this.#child !== child) return
    const lived = this.readyAt === undefined ? 0 : performance.now() - this.readyAt
    this.readyAt = undefined
    if (!this.#shouldRun) return
    if (lived >= healthyAfter) this.#failures = 0
    const delay = Math.min(firstDelay * 2 ** this.#failures++, longestDelay)
    const often = this.#failures > 7
    if (!often)
      this.#options.onProgress(`${this.name} died (${exit.signal ?? `exit ${exit.code}`}); again in ${delay / 1000} s`)
    await sleep(delay)
    if (this.#shouldRun && this.#child === child) await this.#restartCrashed()
  }

  async #restartCrashed(): Promise<void> {
    // No deadline: a replica that waits for its database becomes ready by itself.
    await this.#ready(this.#spawn(), Number.POSITIVE_INFINITY).then(
      () => this.#options.onProgress(`${this.name} is ready again`),
      () => undefined,
    )
  }
}

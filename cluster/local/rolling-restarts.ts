import { formatSeconds, type OnProgress } from '../commands/progress.ts'
import type { LocalCluster } from './local-cluster.ts'
import { appendRoll, type RollingRestartLine } from './rolling-restart-log.ts'

/** The reason, and whether to migrate first. */
export interface RollRequest {
  readonly reason: string
  readonly migrate?: boolean
}

/** One at a time. Reports to the console and to a file. */
export class RollingRestarts {
  readonly #cluster: LocalCluster
  readonly #onProgress: OnProgress
  #rolling = false
  #next: RollRequest | undefined

  constructor(cluster: LocalCluster, onProgress: OnProgress) {
    this.#cluster = cluster
    this.#onProgress = onProgress
  }

  /** During one, a second is queued: files may have changed after the first began. */
  request(request: RollRequest): void {
    if (this.#rolling) this.#next = { ...request, migrate: Boolean(request.migrate || this.#next?.migrate) }
    else void this.#run(request)
  }

  /** Events of replicas count as its progress. */
  progress(text: string): void {
    if (this.#rolling) this.#write({ kind: 'progress', text: `  ${text}` })
    else this.#onProgress(`  ${text}`)
  }

  async #run(request: RollRequest): Promise<void> {
    this.#rolling = true
    const begin = performance.now()
    this.#write({ kind: 'begin', text: `Rolling restart: ${request.reason}` })
    await this.#replace(request).then(
      () => this.#write({ kind: 'done', text: `All replaced in ${formatSeconds(performance.now() - begin)}` }),
      (fault: Error) =>
        this.#write({ kind: 'failed', text: `Not all replaced; the others go on as they were. ${fault.message}` }),
    )
    this.#rolling = false
    const next = this.#next
    this.#next = undefined
    if (next !== undefined) this.request(next)
  }

  async #replace({ migrate }: RollRequest): Promise<void> {
    if (migrate) await this.#cluster.migrate()
    await this.#cluster.roll()
  }

  #write(line: RollingRestartLine): void {
    this.#onProgress(line.text)
    appendRoll(this.#cluster.folder, line)
  }
}

import type http from 'node:http'
import { getOnce } from '../../test-support/http-client.ts'
import { containerCommand, docker } from '../docker/docker.ts'
import { type Child, type Exit, lastLines, launch, StartError } from '../processes/processes.ts'
import { settlesWithin, waitFor } from '../processes/wait-for.ts'
import { upstreamAgent } from './edge.ts'

export interface ContainerOptions {
  /** RAILWAY_REPLICA_ID, the replica's name. */
  readonly name: string
  /** Docker's name. */
  readonly container: string
  readonly network: string
  readonly label: string
  readonly image: string
  readonly environment: Readonly<Record<string, string>>
  readonly port: number
  /** Restarts after failures. */
  readonly retries: number
  readonly log: string
  /** Called for its events. */
  readonly onProgress: (line: string) => void
}

const METRICS_PORT = 9090
/** Docker needs a second or less, a busy machine more. */
const STARTS_WITHIN = 60_000

/** One replica of a deployment. Restarted after any exit code but 0, which means completed. */
export class RailwayContainer {
  readonly agent: http.Agent = upstreamAgent()
  readonly #options: ContainerOptions
  #child: Child | undefined
  #host = ''
  #ipv6 = ''
  #pid = 0
  #wanted = true
  #retries = 0

  constructor(options: ContainerOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Empty while it does not run. */
  get host(): string {
    return this.#host
  }

  get port(): number {
    return this.#options.port
  }

  get pid(): number {
    return this.#pid
  }

  get metricsUrl(): string {
    return `http://${this.#host}:${METRICS_PORT}/metrics`
  }

  /** Resolves when it has an address. */
  async start(): Promise<void> {
    this.#wanted = true
    await this.#run()
  }

  async #run(): Promise<void> {
    const { image, environment, container, network, label, name, port, log } = this.#options
    const run = containerCommand({
      image,
      flags: ['--rm', '--name', container, '--network', network, '--label', label],
      environment: { ...environment, PORT: String(port), RAILWAY_REPLICA_ID: name },
    })
    // The docker command forwards SIGTERM to the container, which then drains and is removed.
    const child = launch({ ...run, log, killSignal: 'SIGTERM' })
    this.#child = child
    child.exited
      .then((exit) => this.#ended(child, exit))
      .catch((fault: Error) => this.#options.onProgress(`${name} could not be started again: ${fault.message}`))
    await waitFor(`${container} to run`, STARTS_WITHIN, async () => {
      if (!child.running()) return 'ended'
      return await this.#locate()
    })
  }

  /**
   * Polls as Railway does, over IPv6, until the status is exactly 200. Throws StartError with its
   * last lines.
   */
  async healthy(path: string, within: number): Promise<void> {
    const well = () => answersWell(this.#ipv6, this.port, path)
    const ready = await waitFor('', within, async () => (this.#isOver() ? 'over' : (await well()) && 'well')).catch(
      () => 'late',
    )
    if (ready === 'well') return
    const reason = ready === 'over' ? 'ended' : `did not answer ${path} with 200 within ${within / 1000} s`
    throw new StartError(`${this.name} ${reason}:\n${lastLines(this.#child?.output() ?? '')}`, null)
  }

  /** SIGTERM, and SIGKILL after `draining` milliseconds. */
  async terminate(draining: number): Promise<void> {
    this.#wanted = false
    const child = this.#child
    if (child?.running() !== true) return
    await this.#signal('TERM')
    if (await settlesWithin(child.exited, draining)) return
    this.#options.onProgress(`SIGKILL to ${this.name}, ${draining / 1000} s later`)
    // Repeated: Docker may not have made the container at the first signal.
    do await this.#signal('KILL')
    while (!(await settlesWithin(child.exited, 1_000)))
  }

  /** Resolves after the restart. */
  async crash(): Promise<void> {
    const previous = this.#child
    await this.#signal('KILL')
    await waitFor(
      `${this.name} to be started again`,
      STARTS_WITHIN,
      () => this.#child !== previous && this.#host !== '',
    )
  }

  /** Closes idle connections, which would delay its drain. */
  forget(): void {
    for (const socket of Object.values(this.agent.freeSockets).flat()) socket?.destroy()
  }

  async #locate(): Promise<boolean> {
    const address = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}} {{.State.Pid}}'
    const output = await docker(['inspect', '--format', address, this.#options.container]).catch(() => '')
    const [host = '', ipv6 = '', pid = '0'] = output.split(' ')
    if (pid === '0' || ipv6 === '') return false
    ;[this.#host, this.#ipv6, this.#pid] = [host, ipv6, Number(pid)]
    return true
  }

  async #signal(name: 'TERM' | 'KILL'): Promise<void> {
    // It may just have ended by itself.
    await docker(['kill', '--signal', name, this.#options.container]).catch(() => undefined)
  }

  #isOver(): boolean {
    return this.#child?.running() !== true && (!this.#wanted || this.#retries > this.#options.retries)
  }

  async #ended(child: Child, { code }: Exit): Promise<void> {
    this.#host = ''
    this.forget()
    if (this.#child !== child || !this.#wanted) return
    const again = code !== 0 && this.#retries++ < this.#options.retries
    if (!again) this.#wanted = false
    this.#options.onProgress(
      `${this.name} ended by itself (exit ${code}), ${again ? 'and is started again' : 'and stays so'}`,
    )
    if (again) await this.#run()
  }
}

async function answersWell(host: string, port: number, path: string): Promise<boolean> {
  const headers = { host: 'healthcheck.railway.app' }
  const url = `http://[${host}]:${port}${path}`
  return await getOnce(url, { headers, timeoutMs: 2_000 }).then(
    ({ status }) => status === 200,
    () => false,
  )
}

import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { startNginx } from '../cluster/nginx/nginx.ts'
import { startWorkerProcess, type WorkerProcess } from '../test-support/worker-process.ts'
import { type Contender, fillStore, openSessionLayer } from './contenders.ts'
import type { BenchEnvironment } from './environment.ts'
import { sum } from './interleave.ts'
import type { Bench } from './options.ts'
import type { ReplicaSettings } from './replica.ts'
import { preparedSessions } from './session-data.ts'

/**
 * Two replicas of a contender behind an nginx of their own, whose processor time is therefore
 * theirs alone.
 */
export interface Deployment {
  readonly contender: Contender
  /** nginx's. */
  readonly port: number
  /** '' if the sessions are not in Postgres. */
  readonly databaseUrl: string
  readonly replicas: readonly WorkerProcess[]
  usage(): Promise<Usage>
  /** Empties nginx's access log. */
  truncateLog(): void
  stop(): Promise<void>
}

/** So far. */
export interface Usage {
  /** Processor time in microseconds. `store` is Postgres' or Redis', which the contenders share. */
  readonly replicas: number
  readonly nginx: number
  readonly store: number
  /** Statements that the replicas sent, or commands that Redis processed. */
  readonly statements: number
}

export interface DeploymentOptions {
  /** Node's flags for the replicas. */
  readonly nodeFlags?: readonly string[]
  /** A database that has the sessions already. Default: a fresh one, with the prepared ones. */
  readonly databaseUrl?: string
  /** If one contender has several deployments; default: the contender's name. */
  readonly name?: string
}

export async function deploy(
  environment: BenchEnvironment,
  contender: Contender,
  options: DeploymentOptions = {},
): Promise<Deployment> {
  const name = options.name ?? contender.name
  const url = options.databaseUrl ?? (await prepareStore(environment, contender))
  const settings: ReplicaSettings = { contender: contender.name, url }
  const program = join(import.meta.dirname, 'replica.ts')
  const replicas = [1, 2].map(() => startWorkerProcess(program, settings, options.nodeFlags))
  const ports = await Promise.all(replicas.map((replica) => replica.request<number>({ kind: 'start' })))
  const folder = join(environment.folder, `nginx-${name}`)
  const upstreams = ports.map((port) => `127.0.0.1:${port}`)
  const nginx = await startNginx({ binary: environment.nginxBinary, folder, port: 0, upstreams })
  environment.recordProcess(`nginx for ${name}`, nginx.pid)
  return {
    contender,
    port: Number(new URL(nginx.url).port),
    databaseUrl: url.startsWith('postgres') ? url : '',
    replicas,
    async usage() {
      const times = { replicas: processorTime(...replicas), nginx: processorTime(nginx) }
      const store = storeTime(environment, contender)
      return { ...times, store, statements: await statementsOf(environment, contender, replicas) }
    },
    truncateLog: () => truncateSync(join(folder, 'access.log')),
    async stop() {
      await nginx.stop()
      await Promise.all(replicas.map((replica) => replica.stop()))
    },
  }
}

/** Deploys the contenders together, for as long as `work` takes. */
export async function withContenders<T>(
  bench: Bench,
  contenders: readonly Contender[],
  work: (deployments: readonly Deployment[]) => Promise<T>,
): Promise<T> {
  const start = (contender: Contender) =>
    deploy(bench.environment, contender, { nodeFlags: bench.nodeFlags(contender) })
  return await withDeployments(contenders.map(start), work)
}

/** If one of them does not start, the others are stopped. */
export async function withDeployments<T>(
  starting: readonly Promise<Deployment>[],
  work: (deployments: readonly Deployment[]) => Promise<T>,
): Promise<T> {
  const settled = await Promise.allSettled(starting)
  const deployments = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  try {
    for (const each of settled) if (each.status === 'rejected') throw each.reason
    return await work(deployments)
  } finally {
    await Promise.all(deployments.map((deployment) => deployment.stop()))
  }
}

/**
 * Microseconds that processes have used, with their children, also those that ended; NaN if not on
 * Linux.
 */
export function processorTime(...processes: readonly { readonly pid: number }[]): number {
  return sum(processes.map(({ pid }) => ticksOf(pid) * TICK_US))
}

/** Bytes of memory that a process occupies; NaN if not on Linux. */
export function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? Number.NaN) * 1024
}

/** Fills the contender's store. Resolves with its address. */
async function prepareStore({ freshDatabase, redis }: BenchEnvironment, contender: Contender): Promise<string> {
  const { kind, name } = contender
  const isInPostgres = kind === 'roundhouse' || kind === 'connect-pg-simple'
  const schema = kind === 'roundhouse' ? 'roundhouse' : 'reference'
  const url = isInPostgres ? await freshDatabase(name, schema) : kind === 'connect-redis' ? (redis?.url ?? '') : ''
  if (url === '') return url
  const { store, close } = await openSessionLayer(contender, url)
  if (store !== undefined) await fillStore(store, preparedSessions())
  await close()
  return url
}

/** One contender is measured at a time, so the shared store's time is that contender's. */
function storeTime({ postgres, redis }: BenchEnvironment, { kind }: Contender): number {
  if (kind === 'none' || kind === 'no-op') return 0
  return processorTime(kind === 'connect-redis' ? { pid: redis?.pid ?? 0 } : postgres)
}

async function statementsOf({ redis }: BenchEnvironment, { kind }: Contender, replicas: readonly WorkerProcess[]) {
  if (kind === 'connect-redis') return (await redis?.commands()) ?? 0
  return sum(await Promise.all(replicas.map((replica) => replica.request<number>({ kind: 'statements' }))))
}

/** The unit of processor time in /proc, on every architecture. */
const TICK_US = 10_000

function ticksOf(pid: number): number {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number)
  const { own, ended } = statOf(pid)
  return own + ended + sum(children.map((child) => statOf(child).own || 0))
}

/** Ticks of the process, and of its children that have ended. */
function statOf(pid: number): { readonly own: number; readonly ended: number } {
  const stat = read(`/proc/${pid}/stat`)
  // The second field, the name, may hold spaces and brackets: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = Number.NaN, system = Number.NaN, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number)
  return { own: user + system, ended: endedUser + endedSystem }
}

/** '' if there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

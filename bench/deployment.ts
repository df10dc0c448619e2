import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { type Nginx, startNginx } from '../cluster/nginx/nginx.ts'
import type { Contender } from './contenders.ts'
import { processorTime } from './cpu.ts'
import type { BenchEnvironment } from './environment.ts'
import type { ReplicaSettings } from './replica.ts'
import { preparedSessions } from './session-data.ts'
import { sum } from './stats.ts'
import { fill, openSessions } from './stores.ts'
import { startWorker, type Worker } from './worker.ts'

/** One candidate at work: two replicas behind an nginx of their own, whose processor time is therefore theirs alone. */
export interface Deployment {
  readonly candidate: Contender
  readonly name: string
  /** nginx's. */
  readonly port: number
  /** '' where sessions are not in Postgres. */
  readonly databaseUrl: string
  readonly replicas: readonly Worker[]
  /** Microseconds so far, of the parts that are this candidate's alone. */
  usage(): { readonly replicas: number; readonly nginx: number }
  /** Sent to the store since the replicas started; Redis' are commands. */
  statements(): Promise<number>
  /** Forgets what nginx has logged. */
  tidy(): void
  stop(): Promise<void>
}

export interface DeploymentOptions {
  /** Node's flags for the replicas. */
  readonly flags?: readonly string[]
  /** Sessions are in this database already. Default: a fresh one, with the prepared ones. */
  readonly databaseUrl?: string
  /** Where several deployments have one candidate; default: the candidate's. */
  readonly name?: string
}

export async function deploy(
  premises: BenchEnvironment,
  candidate: Contender,
  options: DeploymentOptions = {},
): Promise<Deployment> {
  const name = options.name ?? candidate.name
  const url = options.databaseUrl ?? (await prepare(premises, candidate))
  const settings: ReplicaSettings = { candidate: candidate.name, url }
  const replicas = [1, 2].map(() => startWorker('replica.ts', settings, options.flags))
  const ports = await Promise.all(replicas.map((replica) => replica.ask<number>({ about: 'start' })))
  const folder = join(premises.folder, `nginx-${name}`)
  const upstreams = ports.map((port) => `127.0.0.1:${port}`)
  const nginx = await startNginx({ binary: premises.nginxBinary, folder, port: 0, upstreams })
  premises.note(`nginx for ${name}`, nginx.pid)
  return {
    candidate,
    name,
    port: Number(new URL(nginx.url).port),
    databaseUrl: url.startsWith('postgres') ? url : '',
    replicas,
    usage: () => usageOf(replicas, nginx),
    statements: async () =>
      candidate.kind === 'redis' ? ((await premises.redis?.commands()) ?? 0) : await statementsOf(replicas),
    tidy: () => truncateSync(join(folder, 'access.log')),
    async stop() {
      await nginx.stop()
      await Promise.all(replicas.map((replica) => replica.end()))
    },
  }
}

/** Answers with the address of the store, in which the sessions are. */
async function prepare(premises: BenchEnvironment, candidate: Contender): Promise<string> {
  const url = await addressFor(premises, candidate)
  if (url === '') return url
  const { store, close } = await openSessions(candidate, url)
  if (store !== undefined) await fill(store, preparedSessions())
  await close()
  return url
}

async function addressFor({ freshDatabase, redis }: BenchEnvironment, { kind, name }: Contender): Promise<string> {
  if (kind === 'ours') return await freshDatabase(name, 'ours')
  if (kind === 'stock') return await freshDatabase(name, 'reference')
  return kind === 'redis' ? (redis?.url ?? '') : ''
}

function usageOf(replicas: readonly Worker[], nginx: Nginx) {
  return {
    replicas: sum(replicas.map(({ pid }) => processorTime(pid) ?? Number.NaN)),
    nginx: processorTime(nginx.pid) ?? Number.NaN,
  }
}

async function statementsOf(replicas: readonly Worker[]): Promise<number> {
  return sum(await Promise.all(replicas.map((replica) => replica.ask<number>({ about: 'statements' }))))
}

import { processorTime } from './cpu.ts'
import type { Deployment } from './deployment.ts'
import type { BenchEnvironment } from './environment.ts'
import type { Load, Outcome } from './load.ts'
import type { Worker } from './worker.ts'

/** What one slice of load on one deployment came to. */
export interface Sample {
  /** Requests a second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Requests, those of the warm-up too, that the figures below are of. */
  readonly requests: number
  /** Microseconds of processor time; `store` is Postgres' or Redis', `load` the generator's. */
  readonly replicas: number
  readonly nginx: number
  readonly store: number
  readonly load: number
  readonly statements: number
}

/** Throws where an answer was not what was expected: a fast wrong answer is no figure. */
export async function measureSample(
  premises: BenchEnvironment,
  deployment: Deployment,
  generator: Worker,
  load: Omit<Load, 'port'>,
): Promise<Sample> {
  const before = await readings(premises, deployment)
  const outcome = await generator.ask<Outcome>({ ...load, port: deployment.port } satisfies Load)
  const after = await readings(premises, deployment)
  deployment.tidy()
  if (outcome.failures > 0)
    throw new Error(`${deployment.candidate.label}: ${outcome.failures} bad answers, ${outcome.failure}`)
  const { answers, time, p50, p99, all, cpu } = outcome
  return {
    rate: (answers / time) * 1000,
    p50,
    p99,
    requests: all,
    replicas: after.replicas - before.replicas,
    nginx: after.nginx - before.nginx,
    store: after.store - before.store,
    load: cpu,
    statements: after.statements - before.statements,
  }
}

/** The store is shared, but nobody else's slice runs now. */
async function readings({ postgres, redis }: BenchEnvironment, deployment: Deployment) {
  const { kind } = deployment.candidate
  const pid = kind === 'redis' ? redis?.pid : postgres.pid
  const store = kind === 'none' || kind === 'free' ? 0 : (processorTime(pid ?? 0) ?? Number.NaN)
  return { ...deployment.usage(), store, statements: await deployment.statements() }
}

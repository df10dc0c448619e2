import type { Contender } from './contenders.ts'
import { processorTime } from './cpu.ts'
import type { Deployment } from './deployment.ts'
import type { Sampled } from './interleave.ts'
import type { Bench } from './options.ts'
import { play, WARMUP_RATIO, withDeployments } from './pages.ts'
import { type SessionTableStats, sessionTableStats, walBytes } from './pg-stats.ts'
import { pairedRatio, type Spread, spreadOf, sum } from './stats.ts'
import type { StoreLoad, StoreLoadResult } from './store-load.ts'
import { bytes, fine, percent, spread, table, whole } from './table.ts'

/** Of both replicas' stores together, driven without HTTP. */
export interface StoreSummary {
  readonly name: string
  readonly label: string
  /** A second. */
  readonly rate: Spread
  readonly statements: number
  /** Microseconds of processor time each: of the replicas, and of Postgres. */
  readonly cpu: { readonly replicas: number; readonly store: number }
  /** Bytes each. */
  readonly wal: number
  /** Of all updates, those that left every index as it was. */
  readonly hot: number
  /** Paired, to connect-pg-simple. */
  readonly ratio: Spread
}

interface StoreSlice {
  readonly rate: number
  readonly done: number
  readonly statements: number
  readonly replicas: number
  readonly store: number
  readonly wal: number
}

export type Job = Pick<StoreLoad, 'about' | 'first' | 'count'> & { readonly clients: number }

/** Ours beside connect-pg-simple, each over its own database of one Postgres. */
export async function measureStores(bench: Bench, title: string, job: Job): Promise<StoreSummary[]> {
  const candidates = bench.candidates.filter(({ name }) => name === 'ours' || name === 'stock')
  const databases = new Map<string, string>()
  const before = new Map<string, SessionTableStats>()
  const rounds = await withDeployments(bench, candidates, async (deployments) => {
    for (const { candidate, databaseUrl } of deployments) {
      databases.set(candidate.name, databaseUrl)
      before.set(candidate.name, await sessionTableStats(databaseUrl))
    }
    return await play(
      bench,
      title,
      deployments.map((deployment) => contestant(bench, deployment, job)),
    )
  })
  // The connections are closed now, and Postgres has counted all.
  const hot = new Map<string, number>()
  for (const [name, url] of databases) hot.set(name, share(before.get(name), await sessionTableStats(url)))
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  return candidates.map(({ name, label }) => {
    const slices = rounds.get(name) ?? []
    const each = (figure: (slice: StoreSlice) => number) =>
      sum(slices.map(figure)) / sum(slices.map(({ done }) => done))
    return {
      name,
      label,
      rate: spreadOf(rates(name)),
      statements: each(({ statements }) => statements),
      cpu: { replicas: each(({ replicas }) => replicas), store: each(({ store }) => store) },
      wal: each(({ wal }) => wal),
      hot: hot.get(name) ?? Number.NaN,
      ratio: pairedRatio(rates(name), rates('stock')),
    }
  })
}

export function formatStores(what: string, summaries: readonly StoreSummary[]): string {
  const rows = summaries.map(({ label, rate, statements, cpu, wal, hot, ratio }) => [
    label,
    whole(rate.median),
    fine(statements),
    whole(cpu.replicas),
    whole(cpu.store),
    bytes(wal),
    percent(hot),
    spread(ratio),
  ])
  return table(['', `${what}/s`, 'statements', 'µs replicas', 'store', 'WAL each', 'HOT', '× stock'], rows)
}

export function ratioOf(summaries: readonly { readonly name: string; readonly ratio: Spread }[]): number {
  return summaries.find(({ name }) => name === 'ours')?.ratio.median ?? Number.NaN
}

function contestant(
  bench: Bench,
  { candidate, databaseUrl, replicas, usage }: Deployment,
  { clients, count, ...job }: Job,
): Sampled<StoreSlice> {
  const { name, label }: Contender = candidate
  const measured = bench.seconds * 1000
  const half = {
    clients: Math.ceil(clients / 2),
    count: Math.floor(count / 2),
    measured,
    warm: measured * WARMUP_RATIO,
  }
  return {
    name,
    label,
    async measure() {
      const readings = async () => ({
        wal: await walBytes(databaseUrl),
        replicas: usage().replicas,
        store: processorTime(bench.premises.postgres.pid) ?? Number.NaN,
      })
      const before = await readings()
      // Each replica has sessions of its own: what is measured is writing, not waiting for a row.
      const driven = await Promise.all(
        replicas.map((replica, index) =>
          replica.ask<StoreLoadResult>({ ...job, ...half, first: job.first + index * half.count } satisfies StoreLoad),
        ),
      )
      const after = await readings()
      return {
        rate: (sum(driven.map(({ done }) => done)) / measured) * 1000,
        done: sum(driven.map(({ all }) => all)),
        statements: sum(driven.map(({ statements }) => statements)),
        replicas: after.replicas - before.replicas,
        store: after.store - before.store,
        wal: after.wal - before.wal,
      }
    },
  }
}

function share(before: SessionTableStats | undefined, after: SessionTableStats): number {
  return (after.hot - (before?.hot ?? 0)) / (after.updates - (before?.updates ?? 0))
}

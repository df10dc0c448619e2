import { query } from '../cluster/postgres/database.ts'
import { type Deployment, processorTime, withContenders } from './deployment.ts'
import { type Candidate, pairedRatio, type Spread, spreadOf, sum } from './interleave.ts'
import type { Bench } from './options.ts'
import { formatPages, measureWritingPages, ratioOf } from './pages.ts'
import type { StoreLoad, StoreLoadResult } from './replica.ts'
import { atLeast, bytes, fine, percent, type Section, spread, table, whole } from './report.ts'
import { LARGE_SESSIONS, SMALL_SESSIONS } from './session-data.ts'

/** The stores of both replicas together, without HTTP. */
interface StoreSummary {
  readonly name: string
  readonly label: string
  /** Changes a second. */
  readonly rate: Spread
  /** Statements, microseconds of processor time, and bytes of WAL: of one change. */
  readonly statements: number
  readonly cpu: { readonly replicas: number; readonly store: number }
  readonly walBytes: number
  /** The share of the updates that left every index as it was. */
  readonly hot: number
  /** Paired, to connect-pg-simple. */
  readonly ratio: Spread
}

interface StoreSample {
  readonly rate: number
  /** Changes, with those of the warm-up, to which the figures below belong. */
  readonly changes: number
  readonly statements: number
  readonly replicas: number
  readonly store: number
  readonly walBytes: number
}

type StoreJob = Pick<StoreLoad, 'kind' | 'clients' | 'first' | 'count'>

/**
 * Changes one field, in sessions of 250 bytes and of some kilobytes; then the same through an
 * application.
 */
export async function writesSection(bench: Bench): Promise<Section> {
  const job = { kind: 'write', clients: 16 } as const
  const small = await measureStores(bench, 'writes of small sessions', { ...job, ...SMALL_SESSIONS })
  const large = await measureStores(bench, 'writes of large sessions', { ...job, ...LARGE_SESSIONS })
  const pages = await measureWritingPages(bench)
  const ratio = small.find(({ name }) => name === 'roundhouse')?.ratio.median ?? Number.NaN
  const thresholds = [
    atLeast(1.5, 'session writes/s to connect-pg-simple, small sessions', ratio),
    atLeast(1.5, 'the same through pages', ratioOf(pages, 'connect-pg-simple')),
  ]
  const text = [
    `Small, 16 clients on the store alone\n${formatStores('writes', small)}`,
    `Large (5 kB), 16 clients on the store alone\n${formatStores('writes', large)}`,
    `Small, through pages over ${bench.connections} connections\n${formatPages(pages)}`,
  ]
  return { title: 'Session writes', text: text.join('\n\n'), thresholds, data: { small, large, pages } }
}

export async function touchesSection(bench: Bench): Promise<Section> {
  const summaries = await measureStores(bench, 'touches', { kind: 'touch', clients: 64, ...SMALL_SESSIONS })
  return { title: 'Moves of the expiry', text: formatStores('touches', summaries), thresholds: [], data: summaries }
}

/** Roundhouse beside connect-pg-simple, each over its own database of one Postgres. */
async function measureStores(bench: Bench, title: string, job: StoreJob): Promise<StoreSummary[]> {
  const contenders = bench.contenders.filter(({ name }) => name === 'roundhouse' || name === 'connect-pg-simple')
  const updatesBefore = new Map<string, Updates>()
  const rounds = await withContenders(bench, contenders, async (deployments) => {
    for (const { databaseUrl } of deployments) updatesBefore.set(databaseUrl, await countUpdates(databaseUrl))
    const candidates = deployments.map((deployment) => storeCandidate(bench, deployment, job))
    return await bench.measure(title, candidates)
  })
  // The connections are closed now, and Postgres has counted all.
  const hot: number[] = []
  for (const [url, before] of updatesBefore) hot.push(hotShare(before, await countUpdates(url)))
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  return contenders.map(({ name, label }, index) => {
    const samples = rounds.get(name) ?? []
    const changes = sum(samples.map((sample) => sample.changes))
    const perChange = (figure: keyof StoreSample) => sum(samples.map((sample) => sample[figure])) / changes
    return {
      name,
      label,
      rate: spreadOf(rates(name)),
      statements: perChange('statements'),
      cpu: { replicas: perChange('replicas'), store: perChange('store') },
      walBytes: perChange('walBytes'),
      hot: hot[index] ?? Number.NaN,
      ratio: pairedRatio(rates(name), rates('connect-pg-simple')),
    }
  })
}

function storeCandidate(
  bench: Bench,
  { contender: { name, label }, databaseUrl, replicas }: Deployment,
  { kind, clients, first, count }: StoreJob,
): Candidate<StoreSample> {
  const half = { kind, clients: Math.ceil(clients / 2), count: Math.floor(count / 2), ...bench.times }
  const readCounters = async () => ({
    walBytes: await walBytes(databaseUrl),
    replicas: processorTime(...replicas),
    store: processorTime(bench.environment.postgres),
  })
  return {
    name,
    label,
    async measure() {
      const before = await readCounters()
      // Each replica has sessions of its own: the measure is of writing, not of waiting for a row.
      const loads = replicas.map((_, index): StoreLoad => ({ ...half, first: first + index * half.count }))
      const results = await Promise.all(
        replicas.map((replica, index) => replica.request<StoreLoadResult>(loads[index] as StoreLoad)),
      )
      const after = await readCounters()
      return {
        rate: (sum(results.map(({ measured }) => measured)) / half.measuredMs) * 1000,
        changes: sum(results.map(({ all }) => all)),
        statements: sum(results.map(({ statements }) => statements)),
        replicas: after.replicas - before.replicas,
        store: after.store - before.store,
        walBytes: after.walBytes - before.walBytes,
      }
    },
  }
}

function formatStores(unit: string, summaries: readonly StoreSummary[]): string {
  const rows = summaries.map(({ label, rate, statements, cpu, walBytes, hot, ratio }) => [
    label,
    whole(rate.median),
    fine(statements),
    whole(cpu.replicas),
    whole(cpu.store),
    bytes(walBytes),
    percent(hot),
    spread(ratio),
  ])
  const head = ['', `${unit}/s`, 'statements', 'µs replicas', 'store', 'WAL each', 'HOT', '× connect-pg-simple']
  return table(head, rows)
}

interface Updates {
  readonly all: number
  readonly hot: number
}

/**
 * Exact only when the connections that wrote are closed: a connection reports its counts a second
 * later, or at its end.
 */
async function countUpdates(databaseUrl: string): Promise<Updates> {
  const [row] = await query<Updates>(
    databaseUrl,
    `SELECT n_tup_upd::float8 AS "all", n_tup_hot_upd::float8 AS hot
       FROM pg_stat_user_tables WHERE schemaname = 'public' AND relname = 'session'`,
  )
  return row ?? { all: Number.NaN, hot: Number.NaN }
}

function hotShare(before: Updates, after: Updates): number {
  return (after.hot - before.hot) / (after.all - before.all)
}

/** What the server has written so far, all databases together. */
async function walBytes(databaseUrl: string): Promise<number> {
  const [row] = await query<{ bytes: number }>(
    databaseUrl,
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`,
  )
  return row?.bytes ?? Number.NaN
}

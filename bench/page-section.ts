import { CONTENDERS, type Contender } from './contenders.ts'
import type { Rounds } from './interleave.ts'
import type { Bench } from './options.ts'
import { readPages } from './pages.ts'
import type { Sample } from './sample.ts'
import type { Section } from './section.ts'
import { pairedRatio, type Spread, spreadOf, sum } from './stats.ts'
import { fine, spread, table, whole } from './table.ts'
import { atLeast, atMost, type Threshold } from './thresholds.ts'

/** What a candidate's slices came to. */
export interface Summary {
  readonly name: string
  readonly label: string
  readonly rate: Spread
  /** Milliseconds, medians over the slices. */
  readonly p50: number
  readonly p99: number
  /** Microseconds of processor time a request. */
  readonly cpu: { readonly replicas: number; readonly nginx: number; readonly store: number; readonly all: number }
  /** The share of a processor that the generator of load took. */
  readonly load: number
  readonly statements: number
  /** Paired, to the candidate of that name. */
  readonly ratios: Readonly<Record<string, Spread>>
}

/** Who the others are compared with. */
const measures = ['stock', 'redis', 'free']

export async function pagesSection(bench: Bench): Promise<Section> {
  const { connections } = bench
  const summaries = summarise(await readPages(bench, connections))
  const ours = summaries.find(({ name }) => name === 'ours')
  const visitors = summaries.find(({ name }) => name === 'visitors')
  const times = (name: string) => ours?.ratios[name]?.median ?? Number.NaN
  const bars: Threshold[] = [
    atLeast(5.5, 'requests/s to connect-pg-simple as shipped', times('stock')),
    atLeast(1.4, 'requests/s to connect-redis as shipped', times('redis')),
    atLeast(0.9, 'requests/s to the store that costs nothing', times('free')),
    atMost(0.1, 'statements a signed-in request', connections >= 64 ? (ours?.statements ?? Number.NaN) : Number.NaN),
    atMost(0, "statements a visitor's request", visitors?.statements ?? Number.NaN),
  ]
  return { title: `Pages over ${connections} connections`, text: formatPages(summaries), bars, data: summaries }
}

export async function latencySection(bench: Bench): Promise<Section> {
  const rounds = await readPages(bench, 1)
  const summaries = summarise(rounds, ['stock-untouched', ...measures])
  const figure = summaries.find(({ name }) => name === 'ours')?.ratios['stock-untouched']?.median ?? Number.NaN
  const bars = [atLeast(1, 'over one connection, requests/s to connect-pg-simple without touch', figure)]
  return { title: 'Pages over one connection', text: formatPages(summaries), bars, data: summaries }
}

export function summarise(rounds: Rounds<Sample>, others: readonly string[] = measures): Summary[] {
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  return [...rounds].map(([name, slices]) => {
    const requests = sum(slices.map((slice) => slice.requests))
    const each = (figure: (slice: Sample) => number) => sum(slices.map(figure)) / requests
    const cpu = { replicas: each((s) => s.replicas), nginx: each((s) => s.nginx), store: each((s) => s.store) }
    return {
      name,
      label: labelOf(name),
      rate: spreadOf(rates(name)),
      p50: spreadOf(slices.map(({ p50 }) => p50)).median,
      p99: spreadOf(slices.map(({ p99 }) => p99)).median,
      cpu: { ...cpu, all: cpu.replicas + cpu.nginx + cpu.store },
      load: each((s) => s.load),
      statements: each((s) => s.statements),
      ratios: Object.fromEntries(others.map((other) => [other, pairedRatio(rates(name), rates(other))])),
    }
  })
}

export function formatPages(summaries: readonly Summary[]): string {
  const others = Object.keys(summaries[0]?.ratios ?? {}).filter((other) => summaries.some(({ name }) => name === other))
  const head = ['', 'requests/s', 'p50 ms', 'p99 ms', 'µs replicas', 'nginx', 'store', 'all', 'load', 'statements']
  const rows = summaries.map(({ label, rate, p50, p99, cpu, load, statements, ratios }) => [
    label,
    whole(rate.median),
    fine(p50),
    fine(p99),
    ...[cpu.replicas, cpu.nginx, cpu.store, cpu.all, load].map(whole),
    fine(statements, 3),
    ...others.map((other) => spread(ratios[other] as Spread)),
  ])
  return table([...head, ...others.map((other) => `× ${other}`)], rows)
}

function labelOf(name: string): string {
  const found: Contender | undefined = CONTENDERS.find((candidate) => candidate.name === name)
  return found?.label ?? 'Roundhouse, visitors without a session'
}

import { CONTENDERS, type Contender } from './contenders.ts'
import { type Deployment, withContenders } from './deployment.ts'
import { type Candidate, pairedRatio, type Rounds, type Spread, spreadOf, sum } from './interleave.ts'
import type { Load, LoadSummary } from './load.ts'
import type { Bench } from './options.ts'
import { atLeast, atMost, fine, type Section, spread, table, whole } from './report.ts'
import { SMALL_SESSIONS } from './session-data.ts'

/** One deployment under load, for a moment. */
export interface PageSample {
  /** Requests a second. */
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Requests, with those of the warm-up, to which the figures below belong. */
  readonly requests: number
  /** Microseconds of processor time. */
  readonly replicas: number
  readonly nginx: number
  readonly store: number
  readonly loadGenerator: number
  readonly statements: number
}

/** A contender's samples. */
export interface PageSummary {
  readonly name: string
  readonly label: string
  readonly rate: Spread
  /** Medians of the samples. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds of processor time a request; `all` is without the load generator. */
  readonly cpu: Readonly<Record<'replicas' | 'nginx' | 'store' | 'all' | 'loadGenerator', number>>
  /** A request. */
  readonly statements: number
  /** Paired, to the contender of that name. */
  readonly ratios: Readonly<Record<string, Spread>>
}

const REFERENCES = ['connect-pg-simple', 'connect-redis', 'no-op-store']
const VISITORS = { name: 'visitors', label: 'Roundhouse, visitors without a session' }

export async function pagesSection(bench: Bench): Promise<Section> {
  const { connections } = bench
  const summaries = summarize(await measurePages(bench, connections))
  const statements = (name: string) => summaries.find((each) => each.name === name)?.statements ?? Number.NaN
  const thresholds = [
    atLeast(5.5, 'requests/s to connect-pg-simple as shipped', ratioOf(summaries, 'connect-pg-simple')),
    atLeast(1.4, 'requests/s to connect-redis as shipped', ratioOf(summaries, 'connect-redis')),
    atLeast(0.9, 'requests/s to the store that costs nothing', ratioOf(summaries, 'no-op-store')),
    // Lookups share a batch only where many requests are in flight.
    atMost(0.1, 'statements a signed-in request', connections >= 64 ? statements('roundhouse') : Number.NaN),
    atMost(0, "statements a visitor's request", statements('visitors')),
  ]
  return { title: `Pages over ${connections} connections`, text: formatPages(summaries), thresholds, data: summaries }
}

export async function latencySection(bench: Bench): Promise<Section> {
  const summaries = summarize(await measurePages(bench, 1), ['connect-pg-simple-untouched', ...REFERENCES])
  const ratio = ratioOf(summaries, 'connect-pg-simple-untouched')
  const thresholds = [atLeast(1, 'over one connection, requests/s to connect-pg-simple without touch', ratio)]
  return { title: 'Pages over one connection', text: formatPages(summaries), thresholds, data: summaries }
}

/** A small page, read by signed-in users, and with Roundhouse by visitors too. */
async function measurePages(bench: Bench, connections: number): Promise<Rounds<PageSample>> {
  const signedIn = { method: 'GET', path: '/page', sessions: [SMALL_SESSIONS], expected: '"signedIn":true' } as const
  const visitors = { method: 'GET', path: '/page', sessions: [], expected: '"signedIn":false' } as const
  const title = `pages over ${connections} connection${connections === 1 ? '' : 's'}`
  return await withContenders(bench, bench.contenders, async (deployments) => {
    const candidates = deployments.map((deployment) => pageCandidate(bench, deployment, connections, signedIn))
    const roundhouse = deployments.find(({ contender }) => contender.kind === 'roundhouse')
    if (roundhouse !== undefined)
      candidates.push({ ...pageCandidate(bench, roundhouse, connections, visitors), ...VISITORS })
    return await bench.measure(title, candidates)
  })
}

/** Each request changes and saves one field of a session. */
export async function measureWritingPages(bench: Bench): Promise<PageSummary[]> {
  const load = { method: 'POST', path: '/write', sessions: [SMALL_SESSIONS], expected: '"visits":' } as const
  const contenders = bench.contenders.filter(({ kind, touch }) => kind !== 'none' && touch)
  const rounds = await withContenders(bench, contenders, async (deployments) => {
    const candidates = deployments.map((deployment) => pageCandidate(bench, deployment, bench.connections, load))
    return await bench.measure(`writes over ${bench.connections} connections`, candidates)
  })
  return summarize(rounds)
}

export function pageCandidate(
  bench: Bench,
  deployment: Deployment,
  connections: number,
  request: Omit<Load, 'port' | 'connections' | 'warmUpMs' | 'measuredMs'>,
): Candidate<PageSample> {
  const { name, label }: Contender = deployment.contender
  const load: Load = { ...request, ...bench.times, connections, port: deployment.port }
  return {
    name,
    label,
    measure: () => measureSample(bench, deployment, load),
    // Over one connection alone it would take minutes until all code is compiled.
    warmUp: () =>
      measureSample(bench, deployment, {
        ...load,
        measuredMs: 2 * load.measuredMs,
        connections: Math.max(connections, 32),
      }),
  }
}

async function measureSample(bench: Bench, deployment: Deployment, load: Load): Promise<PageSample> {
  const before = await deployment.usage()
  const { rate, p50Ms, p99Ms, responses, cpuUs } = await bench.loadGenerator.request<LoadSummary>(load)
  const after = await deployment.usage()
  deployment.truncateLog()
  return {
    rate,
    p50Ms,
    p99Ms,
    requests: responses,
    replicas: after.replicas - before.replicas,
    nginx: after.nginx - before.nginx,
    store: after.store - before.store,
    loadGenerator: cpuUs,
    statements: after.statements - before.statements,
  }
}

export function summarize(rounds: Rounds<PageSample>, references: readonly string[] = REFERENCES): PageSummary[] {
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  return [...rounds].map(([name, samples]) => {
    const requests = sum(samples.map((sample) => sample.requests))
    const perRequest = (figure: keyof PageSample) => sum(samples.map((sample) => sample[figure])) / requests
    const cpu = { replicas: perRequest('replicas'), nginx: perRequest('nginx'), store: perRequest('store') }
    const all = cpu.replicas + cpu.nginx + cpu.store
    return {
      name,
      label: labelOf(name),
      rate: spreadOf(rates(name)),
      p50Ms: spreadOf(samples.map(({ p50Ms }) => p50Ms)).median,
      p99Ms: spreadOf(samples.map(({ p99Ms }) => p99Ms)).median,
      cpu: { ...cpu, all, loadGenerator: perRequest('loadGenerator') },
      statements: perRequest('statements'),
      ratios: Object.fromEntries(references.map((other) => [other, pairedRatio(rates(name), rates(other))])),
    }
  })
}

/** Of Roundhouse, the median; NaN if one of both was not measured. */
export function ratioOf(summaries: readonly PageSummary[], reference: string): number {
  return summaries.find(({ name }) => name === 'roundhouse')?.ratios[reference]?.median ?? Number.NaN
}

export function formatPages(summaries: readonly PageSummary[]): string {
  const references = Object.keys(summaries[0]?.ratios ?? {})
  const measured = references.filter((reference) => summaries.some(({ name }) => name === reference))
  const head = ['', 'requests/s', 'p50 ms', 'p99 ms', 'µs replicas', 'nginx', 'store', 'all', 'load', 'statements']
  const rows = summaries.map(({ label, rate, p50Ms, p99Ms, cpu, statements, ratios }) => [
    label,
    whole(rate.median),
    fine(p50Ms),
    fine(p99Ms),
    ...[cpu.replicas, cpu.nginx, cpu.store, cpu.all, cpu.loadGenerator].map(whole),
    fine(statements, 3),
    ...measured.map((reference) => spread(ratios[reference] as Spread)),
  ])
  return table([...head, ...measured.map((reference) => `× ${reference}`)], rows)
}

function labelOf(name: string): string {
  const found = CONTENDERS.find((contender) => contender.name === name)
  return found?.label ?? VISITORS.label
}

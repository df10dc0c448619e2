import { query } from '../cluster/postgres/database.ts'
import { contenderNamed } from './contenders.ts'
import { type Deployment, deploy } from './deployment.ts'
import type { Rounds } from './interleave.ts'
import type { Range } from './load.ts'
import type { Bench } from './options.ts'
import { summarise } from './page-section.ts'
import { contestant, play, whileDeployed } from './pages.ts'
import type { Sample } from './sample.ts'
import type { Section } from './section.ts'
import { missingBatches, seedLargeTable } from './seed-large-table.ts'
import { pairedRatio, type Spread } from './stats.ts'
import { bytes, fine, spread, table, whole } from './table.ts'
import { atMost, type Threshold } from './thresholds.ts'

/** Sessions that are asked for: the same of each table, which were added together; as many from all over it; and very many of those. */
const kinds = { hot: 10_000, spread: 10_000, random: 200_000 } as const

/** The same pages over tables of these sizes: ids that are asked for often, and ids from all over the table. */
export async function rowsSection(bench: Bench): Promise<Section> {
  const urls = new Map<number, string>()
  for (const rows of bench.rows) urls.set(rows, await filledDatabase(bench, rows))
  const [memory] = await query<{ size: string }>(
    bench.premises.postgres.url,
    "SELECT current_setting('shared_buffers') AS size",
  )
  const sizes = await Promise.all([...urls].map(async ([rows, url]) => [rows, await sizeOf(url)] as const))
  const starts = [...urls].map(
    ([rows, databaseUrl]) =>
      () =>
        start(bench, rows, databaseUrl),
  )
  const rounds = await whileDeployed(starts, async (deployments) => {
    const contestants = deployments.flatMap((deployment, index) => asked(bench, deployment, bench.rows[index] ?? 0))
    return await play(bench, 'rows', contestants)
  })
  return told(bench, rounds, new Map(sizes), memory?.size ?? 'unknown')
}

async function filledDatabase(bench: Bench, rows: number): Promise<string> {
  const url = await bench.premises.keptDatabase(`rows_${rows}`, 'ours')
  const progress = bench.progress('rows', Math.max(1, await missingBatches(url, rows)))
  await seedLargeTable(url, rows, progress)
  progress.done()
  return url
}

function start(bench: Bench, rows: number, databaseUrl: string): Promise<Deployment> {
  return deploy(bench.premises, contenderNamed('ours'), { name: `rows-${rows}`, databaseUrl })
}

function asked(bench: Bench, deployment: Deployment, rows: number) {
  const page = { method: 'GET', path: '/page', expected: '"signedIn":true' } as const
  return Object.entries(kinds).map(([kind, count]) => ({
    ...contestant(bench, deployment, bench.connections, { ...page, sessions: [rangeOf(kind, rows, count)] }),
    name: nameOf(kind, rows),
    label: `${whole(rows)} rows, ${kind} ids`,
  }))
}

function nameOf(kind: string, rows: number): string {
  return `${kind} ${rows}`
}

/** Ids are hashes of numbers: whichever are taken, they lie all over the index. Numbers that follow each other lie side by side in the table. */
function rangeOf(kind: string, rows: number, count: number): Range {
  return { first: 0, count: Math.min(rows, count), step: kind === 'hot' ? 1 : Math.max(1, Math.floor(rows / count)) }
}

async function sizeOf(url: string): Promise<number> {
  const [row] = await query<{ size: number }>(url, "SELECT pg_total_relation_size('session')::float8 AS size")
  return row?.size ?? Number.NaN
}

function told(bench: Bench, rounds: Rounds<Sample>, sizes: ReadonlyMap<number, number>, memory: string): Section {
  const least = Math.min(...bench.rows)
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  const cost = (name: string): Spread => pairedRatio(rates(nameOf('hot', least)), rates(name))
  const data = bench.rows.flatMap((rows) =>
    Object.keys(kinds).map((kind) => {
      const name = nameOf(kind, rows)
      const [summary] = summarise(new Map([[name, rounds.get(name) ?? []]]), [])
      return { kind, rows, bytes: sizes.get(rows) ?? Number.NaN, summary, cost: cost(name) }
    }),
  )
  const cells = data.map(({ kind, rows, summary, cost, ...each }) => [
    `${whole(rows)} rows, ${kind} ids`,
    bytes(each.bytes),
    whole(summary?.rate.median ?? Number.NaN),
    fine(summary?.p50 ?? Number.NaN),
    fine(summary?.p99 ?? Number.NaN),
    whole(summary?.cpu.store ?? Number.NaN),
    spread(cost),
  ])
  const head = ['', 'table', 'requests/s', 'p50 ms', 'p99 ms', 'µs store', `cost to ${whole(least)} hot`]
  const title = `Pages over large tables (shared_buffers ${memory}; hot and spread: ${whole(kinds.hot)} ids, random: ${whole(kinds.random)})`
  return { title, text: table(head, cells), bars: barsFor(bench.rows, least, cost), data }
}

function barsFor(sizes: readonly number[], least: number, cost: (name: string) => Spread): Threshold[] {
  return sizes
    .filter((rows) => rows !== least)
    .map((rows) =>
      atMost(1.2, `cost of ${whole(rows)} rows to ${whole(least)}, hot ids`, cost(nameOf('hot', rows)).median),
    )
}

import { Client } from 'pg'
import { query } from '../cluster/postgres/database.ts'
import { contenderNamed } from './contenders.ts'
import { type Deployment, deploy, withDeployments } from './deployment.ts'
import { type Candidate, type Progress, pairedRatio, type Rounds, type Spread } from './interleave.ts'
import type { Bench } from './options.ts'
import { type PageSample, pageCandidate, summarize } from './pages.ts'
import { atMost, bytes, fine, type Section, spread, table, whole } from './report.ts'
import { type SessionRange, sessionOf } from './session-data.ts'

/**
 * How many sessions are requested. `hot`: always the same, which were inserted together; `spread`:
 * as many from all over the table; `random`: very many from all over the table.
 */
const SESSION_COUNTS = { hot: 10_000, spread: 10_000, random: 200_000 } as const
type Access = keyof typeof SESSION_COUNTS
const ACCESSES: readonly Access[] = ['hot', 'spread', 'random']

/** The same pages over tables of several sizes. */
export async function rowsSection(bench: Bench): Promise<Section> {
  const urls: string[] = []
  for (const rows of bench.rows) urls.push(await filledDatabase(bench, rows))
  const [memory] = await query<{ size: string }>(
    bench.environment.postgres.url,
    "SELECT current_setting('shared_buffers') AS size",
  )
  const sizes = await Promise.all(urls.map(tableBytes))
  const starting = urls.map((databaseUrl, index) =>
    deploy(bench.environment, contenderNamed('roundhouse'), { name: `rows-${bench.rows[index]}`, databaseUrl }),
  )
  const rounds = await withDeployments(starting, async (deployments) =>
    bench.measure(
      'rows',
      deployments.flatMap((deployment, index) => rowsCandidates(bench, deployment, bench.rows[index] ?? 0)),
    ),
  )
  return report(bench.rows, rounds, sizes, memory?.size ?? 'unknown')
}

async function filledDatabase(bench: Bench, rows: number): Promise<string> {
  const url = await bench.environment.keptDatabase(`rows_${rows}`, 'roundhouse')
  await seedLargeTable(url, rows, (steps) => bench.progress('rows', steps))
  return url
}

function rowsCandidates(bench: Bench, deployment: Deployment, rows: number): Candidate<PageSample>[] {
  const page = { method: 'GET', path: '/page', expected: '"signedIn":true' } as const
  return ACCESSES.map((access) => ({
    ...pageCandidate(bench, deployment, bench.connections, { ...page, sessions: [rangeOf(access, rows)] }),
    name: nameOf(access, rows),
    label: labelOf(access, rows),
  }))
}

function nameOf(access: Access, rows: number): string {
  return `${access} ${rows}`
}

function labelOf(access: Access, rows: number): string {
  return `${whole(rows)} rows, ${access} ids`
}

/**
 * Ids are hashes of numbers: any of them lie all over the index. Consecutive numbers are
 * neighbours in the table.
 */
function rangeOf(access: Access, rows: number): SessionRange {
  const count = SESSION_COUNTS[access]
  const step = access === 'hot' ? 1 : Math.max(1, Math.floor(rows / count))
  return { first: 0, count: Math.min(rows, count), step }
}

async function tableBytes(url: string): Promise<number> {
  const [row] = await query<{ size: number }>(url, "SELECT pg_total_relation_size('session')::float8 AS size")
  return row?.size ?? Number.NaN
}

function report(
  rows: readonly number[],
  rounds: Rounds<PageSample>,
  sizes: readonly number[],
  memory: string,
): Section {
  const smallest = Math.min(...rows)
  const rates = (name: string) => (rounds.get(name) ?? []).map(({ rate }) => rate)
  const cost = (name: string): Spread => pairedRatio(rates(nameOf('hot', smallest)), rates(name))
  const data = rows.flatMap((size, index) =>
    ACCESSES.map((access) => {
      const name = nameOf(access, size)
      const [summary] = summarize(new Map([[name, rounds.get(name) ?? []]]), [])
      return { access, rows: size, bytes: sizes[index] ?? Number.NaN, summary, cost: cost(name) }
    }),
  )
  const cells = data.map(({ access, rows: size, summary, ...each }) => [
    labelOf(access, size),
    bytes(each.bytes),
    whole(summary?.rate.median ?? Number.NaN),
    fine(summary?.p50Ms ?? Number.NaN),
    fine(summary?.p99Ms ?? Number.NaN),
    whole(summary?.cpu.store ?? Number.NaN),
    spread(each.cost),
  ])
  const head = ['', 'table', 'requests/s', 'p50 ms', 'p99 ms', 'µs store', `cost to ${whole(smallest)} hot`]
  const { hot, random } = SESSION_COUNTS
  const title = `Pages over large tables (shared_buffers ${memory}; hot and spread: ${whole(hot)} ids, random: ${whole(random)})`
  const thresholds = rows
    .filter((size) => size !== smallest)
    .map((size) =>
      atMost(1.2, `cost of ${whole(size)} rows to ${whole(smallest)}, hot ids`, cost(nameOf('hot', size)).median),
    )
  return { title, text: table(head, cells), thresholds, data }
}

/** As long as a number in an account's id. */
const PLACEHOLDER = '{the number}'
/** Rows that one statement inserts: what an interrupted run loses. */
const BATCH_ROWS = 100_000

/**
 * Inserts the sessions with the numbers from 0 to `rows`. Resumes where an interrupted run has
 * ended.
 */
async function seedLargeTable(url: string, rows: number, startProgress: (steps: number) => Progress): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    // The limit is for a replica's statements, not for a batch.
    await client.query('SET statement_timeout = 0')
    const begin = await firstMissing(client)
    const progress = startProgress(Math.max(1, Math.ceil((rows - begin) / BATCH_ROWS)))
    for (let first = begin; first < rows; first += BATCH_ROWS) {
      progress.next(`filling ${whole(rows)} rows`)
      await insertBatch(client, first, Math.min(first + BATCH_ROWS, rows) - 1)
    }
    if (begin < rows) await client.query('VACUUM (ANALYZE) session')
    progress.done()
  } finally {
    await client.end()
  }
}

async function firstMissing(client: Client): Promise<number> {
  await client.query('CREATE TABLE IF NOT EXISTS bench_filled (upto bigint NOT NULL)')
  const { rows } = await client.query('SELECT coalesce(max(upto) + 1, 0)::float8 AS next FROM bench_filled')
  return rows[0]?.next
}

/**
 * Sessions and mark in one statement, so both or neither. They expire in ten years, so the next
 * run finds them.
 */
async function insertBatch(client: Client, first: number, last: number): Promise<void> {
  const template = sessionOf(PLACEHOLDER)
  await client.query(
    `WITH added AS (
       INSERT INTO session (sid, sess, account, expire)
       SELECT md5('bench ' || n), replace($3, $5, lpad(n::text, 12, '0'))::json,
              replace($4, $5, lpad(n::text, 12, '0')), localtimestamp + interval '10 years'
         FROM generate_series($1::bigint, $2::bigint) AS n)
     INSERT INTO bench_filled VALUES ($2)`,
    [first, last, JSON.stringify(template), template.account, PLACEHOLDER],
  )
}

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readBenchOptions } from './options.ts'
import type { Summary } from './page-section.ts'
import { type Outcome, runBenchmark } from './run.ts'

let folder = ''
let outcome: Outcome = {}
const lines: string[] = []

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-bench-'))
  const flags = ['--pages', '--rounds', '1', '--seconds', '0.1', '--connections', '8', '--only', 'ours,stock']
  const plan = readBenchOptions([...flags, '--data', folder])
  outcome = await runBenchmark(plan, new AbortController().signal, (line) => lines.push(line))
})
after(() => rm(folder, { recursive: true, force: true }))

test('the benchmark measures each candidate, and what it costs the database', () => {
  const summaries = outcome.pages?.data as readonly Summary[]
  assert.deepEqual(
    summaries.map(({ name }) => name),
    ['ours', 'stock', 'visitors'],
  )
  for (const { rate } of summaries) assert.ok(rate.median > 0)
  const statements = Object.fromEntries(summaries.map((summary) => [summary.name, summary.statements]))
  assert.equal(statements.visitors, 0)
  assert.ok((statements.ours ?? 0) > 0 && (statements.ours ?? 0) <= 1)
  assert.equal(statements.stock, 2)
})

test('the benchmark says what was reached and what was not', () => {
  assert.match(lines.join('\n'), /(reached|MISSED ) {2}requests\/s to connect-pg-simple as shipped ≥ 5\.5: \d/)
})

test('the benchmark leaves its figures and a plot', async () => {
  const { sections } = JSON.parse(await readFile(join(folder, 'bench.json'), 'utf8'))
  assert.equal(sections.pages.data.length, 3)
  assert.match(await readFile(join(folder, 'pages.svg'), 'utf8'), /^<svg .*<\/svg>\n$/s)
})

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type BenchResults, runBenchmark } from './bench.ts'
import { readBenchOptions } from './options.ts'
import type { PageSummary } from './pages.ts'

let folder = ''
let results: BenchResults = {}
const lines: string[] = []

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-bench-'))
  const args = [
    '--pages',
    '--rounds',
    '1',
    '--seconds',
    '0.1',
    '--connections',
    '8',
    '--only',
    'roundhouse,connect-pg-simple',
  ]
  const options = readBenchOptions([...args, '--data', folder])
  results = await runBenchmark(options, new AbortController().signal, (line) => lines.push(line))
})
after(() => rm(folder, { recursive: true, force: true }))

test('the benchmark measures each contender, and what it costs the database', () => {
  const summaries = results.pages?.data as readonly PageSummary[]
  assert.deepEqual(
    summaries.map(({ name }) => name),
    ['roundhouse', 'connect-pg-simple', 'visitors'],
  )
  for (const { rate } of summaries) assert.ok(rate.median > 0)
  const statements = Object.fromEntries(summaries.map((summary) => [summary.name, summary.statements]))
  assert.equal(statements.visitors, 0)
  assert.ok((statements.roundhouse ?? 0) > 0 && (statements.roundhouse ?? 0) <= 1)
  assert.equal(statements['connect-pg-simple'], 2)
})

test('the benchmark prints which targets it reached and which it missed', () => {
  assert.match(lines.join('\n'), /(reached|MISSED ) {2}requests\/s to connect-pg-simple as shipped ≥ 5\.5: \d/)
})

test('the benchmark writes its figures and a plot', async () => {
  const { sections } = JSON.parse(await readFile(join(folder, 'bench.json'), 'utf8'))
  assert.equal(sections.pages.data.length, 3)
  assert.match(await readFile(join(folder, 'pages.svg'), 'utf8'), /^<svg .*<\/svg>\n$/s)
})

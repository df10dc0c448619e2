import { loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../cluster/commands/command.ts'
import { onShutdownSignal } from '../cluster/processes/signals.ts'
import { startWorkerProcess, type WorkerProcess } from '../test-support/worker-process.ts'
import { type BenchEnvironment, describeMachine, formatMachine, type Machine, openEnvironment } from './environment.ts'
import { Interrupted, interleave, startProgress } from './interleave.ts'
import { type Bench, type BenchOptions, readBenchOptions, type SectionName } from './options.ts'
import { latencySection, pagesSection } from './pages.ts'
import { memorySection, signInSection } from './product.ts'
import { formatThresholds, type Section, writeResults } from './report.ts'
import { touchesSection, writesSection } from './store-writes.ts'
import { rowsSection } from './table-size.ts'

const SECTIONS: Readonly<Record<SectionName, (bench: Bench) => Promise<Section>>> = {
  pages: pagesSection,
  latency: latencySection,
  writes: writesSection,
  touches: touchesSection,
  'sign-in': signInSection,
  memory: memorySection,
  rows: rowsSection,
}

/**
 * Before each sample, as a share of its time: connections open, and caches forget the contender
 * before.
 */
const WARMUP_RATIO = 0.2

export type BenchResults = Readonly<Partial<Record<SectionName, Section>>>

/**
 * Measures the sections, and prints each when it is known. A missed threshold is printed, and is
 * no error.
 */
export async function runBenchmark(
  options: BenchOptions,
  shutdown: AbortSignal,
  print: (line: string) => void,
): Promise<BenchResults> {
  const load = loadavg()[0] ?? Number.NaN
  const environment = await openEnvironment(options.folder, options.durable, print)
  const loadGenerator = startWorkerProcess(join(import.meta.dirname, 'load.ts'))
  try {
    const machine = await describeMachine(environment, load)
    print(formatMachine(machine))
    return await measureSections(createBench(options, environment, loadGenerator, shutdown), machine, print)
  } finally {
    await loadGenerator.stop()
    await environment.close()
  }
}

function createBench(
  options: BenchOptions,
  environment: BenchEnvironment,
  loadGenerator: WorkerProcess,
  shutdown: AbortSignal,
): Bench {
  const { contenders, profileFolder, rounds, seconds } = options
  return {
    ...options,
    environment,
    loadGenerator,
    contenders: contenders.filter(({ kind }) => kind !== 'connect-redis' || environment.redis !== undefined),
    times: { warmUpMs: seconds * 1000 * WARMUP_RATIO, measuredMs: seconds * 1000 },
    nodeFlags: ({ kind }) =>
      profileFolder === undefined || kind !== 'roundhouse' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`],
    measure: (title, candidates) =>
      interleave(candidates, rounds, startProgress(title, candidates.length * (rounds + 1), shutdown)),
    progress: (title, steps) => startProgress(title, steps, shutdown),
  }
}

async function measureSections(bench: Bench, machine: Machine, print: (line: string) => void): Promise<BenchResults> {
  const results: Partial<Record<SectionName, Section>> = {}
  let files: readonly string[] = []
  for (const name of bench.sections) {
    try {
      const section = await SECTIONS[name](bench)
      results[name] = section
      files = writeResults(bench, machine, results)
      print(`\n${section.title}\n${section.text}`)
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error
      print(error.message)
      break
    }
  }
  const thresholds = formatThresholds(Object.values(results).flatMap((section) => section.thresholds))
  if (thresholds !== '') print(`\n${thresholds}`)
  if (files.length > 0) print(`\nWritten to ${files.join(', ')}`)
  return results
}

if (import.meta.main)
  await runCommand(async () => {
    const options = readBenchOptions(process.argv.slice(2))
    const shutdown = new AbortController()
    void onShutdownSignal().then(() => shutdown.abort())
    await runBenchmark(options, shutdown.signal, (line) => console.log(line))
    return shutdown.signal.aborted ? 130 : 0
  })

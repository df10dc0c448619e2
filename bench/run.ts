import { type BenchEnvironment, openEnvironment } from './environment.ts'
import { describeMachine, formatMachine, loadNow, type Machine } from './machine.ts'
import type { Bench, BenchOptions, SectionName } from './options.ts'
import { Ended, startProgress } from './progress.ts'
import { writeResults } from './results.ts'
import type { Section } from './section.ts'
import { sections } from './sections.ts'
import { formatThresholds } from './thresholds.ts'
import { startWorker } from './worker.ts'

export type Outcome = Readonly<Partial<Record<SectionName, Section>>>

/** Measures all that is planned, telling each part when it is known; a figure that is missed is told, and no error. */
export async function runBenchmark(
  plan: BenchOptions,
  asked: AbortSignal,
  say: (line: string) => void,
): Promise<Outcome> {
  const load = loadNow()
  const premises = await openEnvironment(plan.folder, plan.durable, say)
  const generator = startWorker('load.ts')
  try {
    const machine = await describeMachine(premises, load)
    say(formatMachine(machine))
    return await measureAll(equip(plan, premises, { generator, asked }), machine, say)
  } finally {
    await generator.end()
    await premises.close()
  }
}

function equip(plan: BenchOptions, premises: BenchEnvironment, tools: Pick<Bench, 'generator' | 'asked'>): Bench {
  const candidates = plan.candidates.filter(({ kind }) => kind !== 'redis' || premises.redis !== undefined)
  return {
    ...plan,
    ...tools,
    candidates,
    premises,
    nodeFlags: ({ kind }) =>
      plan.profile === undefined || kind !== 'ours' ? [] : ['--cpu-prof', `--cpu-prof-dir=${plan.profile}`],
    progress: (title, steps) => startProgress(title, steps, tools.asked),
  }
}

async function measureAll(bench: Bench, machine: Machine, say: (line: string) => void): Promise<Outcome> {
  const known: Partial<Record<SectionName, Section>> = {}
  let files: readonly string[] = []
  for (const name of bench.sections) {
    try {
      const section = await sections[name](bench)
      known[name] = section
      files = writeResults(bench, machine, known)
      say(`\n${section.title}\n${section.text}`)
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      say(error.message)
      break
    }
  }
  const bars = formatThresholds(Object.values(known).flatMap((section) => section.bars))
  if (bars !== '') say(`\n${bars}`)
  if (files.length > 0) say(`\nWritten to ${files.join(', ')}`)
  return known
}

import { globSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseOptions, SWITCH, TEXT } from '../../cluster/commands/arguments.ts'
import { runCommand } from '../../cluster/commands/command.ts'
import { formatSeconds } from '../../cluster/commands/progress.ts'
import { killOrphansIn } from '../../cluster/processes/orphans.ts'
import { runInherited } from '../../cluster/processes/processes.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import { repository } from '../../cluster/replica-environment.ts'
import { testFilesAt } from './arguments.ts'
import { type Counts, type Run, runContainers, runScenarioFiles, runUnits } from './test-runs.ts'

const HELP = `npm test -- [--unit | --e2e | --containers] [FILE …] [--name TEXT]

  --unit        types, lint, and the tests beside the code
  --e2e         the scenarios on a cluster (E2E_REPLICAS replicas, 3)
  --containers  what needs Docker: the image, Compose, and what Kubernetes and Railway run
  FILE          only these test files, or those in these folders
  --name        only the test with this name

Without one of them: the first two.

Example: npm test -- src/accounts/passwords/password-policy.test.ts`

interface Step {
  readonly name: string
  /** Returns the counts of its tests. */
  readonly run: (run: Run) => Promise<Counts>
  /** Later steps do not run after its failure. */
  readonly stopsRun?: true
}

interface Outcome extends Counts {
  readonly name: string
  readonly time: number
}

await runCommand(async () => {
  const steps = chooseSteps(process.argv.slice(2))
  const asked = new AbortController()
  void onShutdownSignal().then(() => asked.abort())
  const folder = await mkdtemp(join(tmpdir(), 'roundhouse-test-'))
  try {
    const outcomes = await runSteps(steps, { folder, signal: asked.signal })
    return asked.signal.aborted ? 130 : printSummary(steps, outcomes)
  } finally {
    await clear(folder)
  }
})

function chooseSteps(args: readonly string[]): Step[] {
  const { unit, e2e, containers, files, flags } = readArguments(args)
  const scenarios = files.filter((file) => file.includes('e2e/scenarios/'))
  const contained = files.filter((file) => file.includes('e2e/containers/'))
  const others = files.filter((file) => !scenarios.includes(file) && !contained.includes(file))
  const checks: Step[] = [
    { name: 'types', stopsRun: true, run: check('tsc', '--noEmit') },
    { name: 'lint', stopsRun: true, run: check('biome', 'check') },
  ]
  const units: Step = { name: 'unit', run: (run) => runUnits(others.length > 0 ? others : unitFiles(), flags, run) }
  const whole: Step = {
    name: 'scenarios',
    run: (run) => runScenarioFiles(files.length > 0 ? scenarios : scenarioFiles(), flags, run),
  }
  const docker: Step = {
    name: 'containers',
    run: (run) => runContainers(files.length > 0 ? contained : containerFiles(), flags, run),
  }
  const named = [others.length > 0 && units, scenarios.length > 0 && whole, contained.length > 0 && docker]
  if (files.length > 0) return named.filter((step) => step !== false)
  if (containers) return [docker]
  if (unit) return [...checks, units]
  return e2e ? [whole] : [...checks, units, whole]
}

function readArguments(args: readonly string[]) {
  const options = { unit: SWITCH, e2e: SWITCH, containers: SWITCH, name: TEXT }
  const { values, positionals } = parseOptions(args, HELP, { options, allowPositionals: true })
  const { name, ...suites } = values
  const flags = name === undefined ? [] : [`--test-name-pattern=${RegExp.escape(name)}$`]
  return { ...suites, files: positionals.flatMap(testFilesAt), flags }
}

async function runSteps(steps: readonly Step[], run: Run): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const step of steps) {
    const failedChecks = outcomes.filter(
      ({ name, failed }) => failed > 0 && steps.some((s) => s.name === name && s.stopsRun),
    )
    if (run.signal.aborted || (failedChecks.length > 0 && !step.stopsRun)) break
    console.log(`\n== ${step.name}`)
    const begin = performance.now()
    const counts = await step.run(run)
    outcomes.push({ name: step.name, time: performance.now() - begin, ...counts })
  }
  return outcomes
}

function check(program: string, argument: string): Step['run'] {
  return async ({ signal: asked }) => {
    const code = await runInherited([join(repository, 'node_modules/.bin', program), argument], {}, asked)
    return { passed: 0, failed: code === 0 ? 0 : 1 }
  }
}

function unitFiles(): string[] {
  return globSync(
    ['{src,cluster,bench,test-support}/**/*.test.ts', 'e2e/{runner,support,consistency,manifests}/**/*.test.ts'],
    { cwd: repository },
  ).sort()
}

function containerFiles(): string[] {
  return globSync('e2e/containers/**/*.test.ts', { cwd: repository }).sort()
}

function scenarioFiles(): string[] {
  return globSync('e2e/{scenarios,sabotage}/**/*.test.ts', { cwd: repository }).sort()
}

function printSummary(steps: readonly Step[], outcomes: readonly Outcome[]): number {
  console.log('\n== summary')
  for (const { name, time, passed, failed } of outcomes) {
    const tests = passed + failed > 1 ? `  ${passed} passed, ${failed} failed` : ''
    console.log(
      `  ${name.padEnd(12)}${formatSeconds(time).padStart(12)}  ${failed === 0 ? 'ok    ' : 'FAILED'}${tests}`,
    )
  }
  const left = steps.slice(outcomes.length).map(({ name }) => name)
  if (left.length > 0) console.log(`  not run, since an earlier step failed: ${left.join(', ')}`)
  const total = (key: keyof Counts) => outcomes.reduce((sum, outcome) => sum + outcome[key], 0)
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`)
  return total('failed') === 0 ? 0 : 1
}

/** Ends what killed tests left running, and removes the folder. */
async function clear(folder: string): Promise<void> {
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of entries) await killOrphansIn(join(folder, name))
  await rm(folder, { recursive: true, force: true })
}

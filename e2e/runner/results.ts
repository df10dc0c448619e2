import { basename } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { spec } from 'node:test/reporters'
import { repository } from '../../cluster/replica-environment.ts'

/** The result of one scenario on one target. */
export interface ScenarioResult {
  /** Such as `honoured`. */
  readonly scenario: string
  readonly promise: string
  readonly outcome: 'passed' | 'failed' | 'not run'
  /** For `not run`. */
  readonly reason?: string
}

export interface RunScenariosOptions {
  readonly files: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Runs only the scenario with this name. */
  readonly name?: string | undefined
  readonly signal: AbortSignal
}

/** Longer than any scenario takes. */
const SCENARIO_TIMEOUT_MS = 300_000

/** Runs scenario files one after the other, and prints their progress. */
export async function runScenarios(judging: RunScenariosOptions): Promise<readonly ScenarioResult[]> {
  const shown = new spec()
  shown.pipe(process.stdout, { end: false })
  const results: ScenarioResult[] = []
  for (const file of judging.files) {
    if (judging.signal.aborted) break
    for await (const event of runFile(file, judging)) {
      const result = resultOf(event, basename(file, '.test.ts'))
      if (result !== undefined) results.push(result)
      // Hides the counts of each file.
      if (event.type !== 'test:diagnostic' || event.data.file !== undefined) shown.write(event)
    }
  }
  shown.end()
  return results
}

function runFile(file: string, { environment, name, signal }: RunScenariosOptions) {
  // Within a test the runner runs no other tests.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return run({
    files: [file],
    cwd: repository,
    env: { ...own, ...environment },
    timeout: SCENARIO_TIMEOUT_MS,
    // An open connection to Docker must not delay the next file.
    execArgv: ['--test-force-exit'],
    signal,
    ...(name === undefined ? {} : { testNamePatterns: [new RegExp(`${RegExp.escape(name)}$`)] }),
  })
}

function resultOf({ type, data }: TestEvent, scenario: string): ScenarioResult | undefined {
  if (type === 'test:fail') {
    const { failureType } = data.details.error as Error & { failureType?: string }
    // A suite fails through its scenarios, a file through its hooks.
    return failureType === 'subtestsFailed' ? undefined : { scenario, promise: basename(data.name), outcome: 'failed' }
  }
  if (type !== 'test:pass' || data.details.type === 'suite') return undefined
  const promise = data.name
  return data.skip === undefined
    ? { scenario, promise, outcome: 'passed' }
    : { scenario, promise, outcome: 'not run', reason: String(data.skip) }
}

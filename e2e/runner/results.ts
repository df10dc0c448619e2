import { basename } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import { spec } from 'node:test/reporters'
import { repository } from '../../cluster/replica-environment.ts'

/** What came of one scenario on one target. */
export interface Verdict {
  /** `honoured`. */
  readonly scenario: string
  readonly promise: string
  readonly outcome: 'passed' | 'failed' | 'not run'
  /** Why it was not run. */
  readonly reason?: string
}

export interface Judging {
  readonly files: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Only the scenario with this name. */
  readonly name?: string | undefined
  readonly asked: AbortSignal
}

/** Longer than any scenario takes. */
const PATIENCE = 300_000

/** Runs scenario files one after the other, shows how they go, and answers with what came of each scenario. */
export async function judge(judging: Judging): Promise<readonly Verdict[]> {
  const shown = new spec()
  shown.pipe(process.stdout, { end: false })
  const verdicts: Verdict[] = []
  for (const file of judging.files) {
    if (judging.asked.aborted) break
    for await (const event of runFile(file, judging)) {
      const verdict = verdictIn(event, basename(file, '.test.ts'))
      if (verdict !== undefined) verdicts.push(verdict)
      // The counts of each file would come between.
      if (event.type !== 'test:diagnostic' || event.data.file !== undefined) shown.write(event)
    }
  }
  shown.end()
  return verdicts
}

function runFile(file: string, { environment, name, asked }: Judging) {
  // Within a test the runner would not run other tests.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return run({
    files: [file],
    cwd: repository,
    env: { ...own, ...environment },
    timeout: PATIENCE,
    // A connection to Docker that lingers must not hold up the next file.
    execArgv: ['--test-force-exit'],
    signal: asked,
    ...(name === undefined ? {} : { testNamePatterns: [new RegExp(`${RegExp.escape(name)}$`)] }),
  })
}

function verdictIn({ type, data }: TestEvent, scenario: string): Verdict | undefined {
  if (type === 'test:fail') {
    const { failureType } = data.details.error as Error & { failureType?: string }
    // A suite fails by what is in it; a file, by what comes after its scenarios.
    return failureType === 'subtestsFailed' ? undefined : { scenario, promise: basename(data.name), outcome: 'failed' }
  }
  if (type !== 'test:pass' || data.details.type === 'suite') return undefined
  const promise = data.name
  return data.skip === undefined
    ? { scenario, promise, outcome: 'passed' }
    : { scenario, promise, outcome: 'not run', reason: String(data.skip) }
}

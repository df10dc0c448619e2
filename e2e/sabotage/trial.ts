import { globSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import { repository } from '../../cluster/replica-environment.ts'
import type { Sabotage } from './list.ts'

/** What came of one sabotage. */
export interface SabotageResult {
  readonly sabotage: Sabotage
  /** The catcher failed, and for the right reason. */
  readonly isCaught: boolean
  readonly milliseconds: number
  /** The first line of what the failure said, or why this was none. */
  readonly failure: string
}

/** Longer than any scenario waits for something in vain. */
const TIMEOUT_MS = 180_000

/** Runs the catcher on a cluster that is sabotaged; `folder` is for what it needs meanwhile. */
export async function runSabotage(sabotage: Sabotage, folder: string, asked: AbortSignal): Promise<SabotageResult> {
  const began = performance.now()
  const { scenario, promise, expectedFailure: says } = sabotage.killedBy
  const tests = run({
    files: globSync(join(repository, 'e2e', 'scenarios', '*', `${scenario}.test.ts`)),
    cwd: repository,
    env: environmentFor(sabotage, folder),
    execArgv: sabotage.cluster === undefined ? [] : ['--import', pathTo('clusters', sabotage.cluster)],
    testNamePatterns: [new RegExp(`${RegExp.escape(promise)}$`)],
    timeout: TIMEOUT_MS,
    signal: asked,
  })
  const verdicts = new Map<string, string | undefined>()
  for await (const { type, data } of tests) {
    if (type === 'test:pass') verdicts.set(data.name, undefined)
    if (type === 'test:fail') verdicts.set(data.name, wordsOf(data.details.error))
  }
  const failure = verdicts.get(promise)
  const outcome = { sabotage, milliseconds: performance.now() - began }
  if (!verdicts.has(promise)) return { ...outcome, isCaught: false, failure: 'the scenario did not run' }
  if (failure === undefined) return { ...outcome, isCaught: false, failure: 'the scenario passed' }
  return { ...outcome, isCaught: says.test(failure), failure: telling(failure, says) }
}

function environmentFor({ replica, environment = {} }: Sabotage, folder: string): NodeJS.ProcessEnv {
  const server = replica === undefined ? {} : { E2E_SERVER: pathTo('replicas', replica) }
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return { ...own, ...server, ...environment, E2E_FOLDER: folder }
}

function pathTo(kind: string, name: string): string {
  return join(import.meta.dirname, kind, `${name}.ts`)
}

/** The runner wraps what the test threw. */
function wordsOf(error: Error): string {
  return error.cause instanceof Error ? wordsOf(error.cause) : error.message
}

/** The line that shows what was looked for, else the first one. */
function telling(words: string, says: RegExp): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '')
  return (lines.find((line) => says.test(line)) ?? lines[0] ?? '').trim()
}

import { globSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import { repository } from '../../cluster/replica-environment.ts'
import type { Sabotage } from './list.ts'

export interface SabotageResult {
  readonly sabotage: Sabotage
  /** The scenario failed, and with the expected message. */
  readonly isCaught: boolean
  readonly milliseconds: number
  /** The line of the failure that matters, or why there is none. */
  readonly failure: string
}

/** Longer than any wait of a scenario. */
const TIMEOUT_MS = 180_000

/** Runs the scenario on a sabotaged cluster, whose files go into `folder`. */
export async function runSabotage(sabotage: Sabotage, folder: string, signal: AbortSignal): Promise<SabotageResult> {
  const start = performance.now()
  const { scenario, promise, expectedFailure } = sabotage.killedBy
  const tests = run({
    files: globSync(join(repository, 'e2e', 'scenarios', '*', `${scenario}.test.ts`)),
    cwd: repository,
    env: environmentFor(sabotage, folder),
    execArgv: sabotage.cluster === undefined ? [] : ['--import', pathTo('clusters', sabotage.cluster)],
    testNamePatterns: [new RegExp(`${RegExp.escape(promise)}$`)],
    timeout: TIMEOUT_MS,
    signal,
  })
  const messages = new Map<string, string | undefined>()
  for await (const { type, data } of tests) {
    if (type === 'test:pass') messages.set(data.name, undefined)
    if (type === 'test:fail') messages.set(data.name, messageOf(data.details.error))
  }
  const message = messages.get(promise)
  const result = { sabotage, milliseconds: performance.now() - start }
  if (!messages.has(promise)) return { ...result, isCaught: false, failure: 'the scenario did not run' }
  if (message === undefined) return { ...result, isCaught: false, failure: 'the scenario passed' }
  return { ...result, isCaught: expectedFailure.test(message), failure: relevantLine(message, expectedFailure) }
}

function environmentFor({ replica, environment = {} }: Sabotage, folder: string): NodeJS.ProcessEnv {
  const server = replica === undefined ? {} : { E2E_SERVER: pathTo('replicas', replica) }
  const { NODE_TEST_CONTEXT: _, ...own } = process.env
  return { ...own, ...server, ...environment, E2E_FOLDER: folder }
}

function pathTo(kind: string, name: string): string {
  return join(import.meta.dirname, kind, `${name}.ts`)
}

/** The runner wraps the error that the test threw. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? messageOf(error.cause) : error.message
}

/** The expected line, else the first one. */
function relevantLine(message: string, expected: RegExp): string {
  const lines = message.split('\n').filter((line) => line.trim() !== '')
  return (lines.find((line) => expected.test(line)) ?? lines[0] ?? '').trim()
}

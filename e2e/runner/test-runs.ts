import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { startPostgres } from '../../cluster/postgres/postgres.ts'
import { runInherited } from '../../cluster/processes/processes.ts'

export interface Counts {
  readonly passed: number
  readonly failed: number
}

/** The folder of a run, and the signal that ends it. */
export interface Run {
  readonly folder: string
  readonly signal: AbortSignal
}

/** Runs tests in parallel, with a temporary Postgres (TEST_DATABASE_URL of a superuser). */
export async function runUnits(files: readonly string[], flags: readonly string[], run: Run): Promise<Counts> {
  const given = process.env.TEST_DATABASE_URL
  const postgres = given
    ? undefined
    : await startPostgres({ folder: join(run.folder, 'unit', 'postgres'), durable: false })
  const environment = { TEST_DATABASE_URL: given ?? postgres?.url ?? '' }
  const atOnce = Math.max(2, availableParallelism() - 1)
  try {
    return await runTests(
      'unit',
      files,
      [...flags, `--test-concurrency=${atOnce}`, '--test-timeout=120000'],
      environment,
      run,
    )
  } finally {
    await postgres?.stop('immediate')
  }
}

/** One after the other, since each starts a cluster. */
export async function runScenarioFiles(files: readonly string[], flags: readonly string[], run: Run): Promise<Counts> {
  return await runTests('scenarios', files, [...flags, '--test-concurrency=1', '--test-timeout=300000'], {}, run)
}

/** One file after the other: a build alone may take a minute. */
export async function runContainers(files: readonly string[], flags: readonly string[], run: Run): Promise<Counts> {
  // An open connection to Docker must not delay the next file.
  const own = ['--test-concurrency=1', '--test-timeout=600000', '--test-force-exit']
  return await runTests('containers', files, [...flags, ...own], {}, run)
}

async function runTests(
  name: string,
  files: readonly string[],
  flags: readonly string[],
  environment: Readonly<Record<string, string>>,
  { folder, signal }: Run,
): Promise<Counts> {
  // Without files the runner would search for some.
  if (files.length === 0) return { passed: 0, failed: 0 }
  const report = join(folder, `${name}.tap`)
  const shown = ['--test-reporter=spec', '--test-reporter-destination=stdout']
  const kept = ['--test-reporter=tap', `--test-reporter-destination=${report}`]
  const command = [process.execPath, '--test', ...flags, ...shown, ...kept, ...files]
  const code = await runInherited(command, { ...environment, E2E_FOLDER: folder }, signal)
  const counts = countsIn(report)
  // A failed runner is a failure, even without a failed test.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

function countsIn(report: string): Counts {
  const text = existsSync(report) ? readFileSync(report, 'utf8') : ''
  const count = (word: string) => Number(text.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') + count('cancelled') }
}

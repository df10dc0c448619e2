import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../../cluster/commands/command.ts'
import { startPostgres } from '../../cluster/postgres/postgres.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import type { TestDatabase } from '../../src/sessions/testing/test-database.ts'
import { freshDatabase } from '../../src/testing/fresh-database.ts'
import { createProgressLine } from '../../test-support/progress-line.ts'
import type { Counters } from './counters.ts'
import type { Workload } from './operation.ts'
import { type ConsistencyOptions, readConsistencyOptions } from './options.ts'
import { LEGEND, type Result, resultsTable, violationsOf } from './report.ts'
import { openConsistencyEnvironment, type RunWorkloadOptions, runWorkload } from './run-workload.ts'

await runCommand(async () => {
  const options = readConsistencyOptions(process.argv.slice(2))
  const shutdown = new AbortController()
  void onShutdownSignal().then(() => shutdown.abort())
  return await withDatabase(async ({ url, pool }) => {
    const { rows } = await pool.query<{ version: string }>(`SELECT current_setting('server_version') AS version`)
    console.log(`${options.workers} replicas over Postgres ${rows[0]?.version}; ${machine()}\n`)
    const results = await runWorkloads(url, options, shutdown.signal)
    return shutdown.signal.aborted ? 130 : report(results)
  })
})

async function runWorkloads(url: string, options: ConsistencyOptions, shutdown: AbortSignal): Promise<Result[]> {
  const { seconds, groups, control } = options
  const environment = await openConsistencyEnvironment(url, options.workers)
  const results: Result[] = []
  try {
    for (const workload of options.workloads) {
      const common = { environment, seconds, shutdown }
      const counters = {
        'connect-pg-simple': await run(workload, { ...common, store: 'connect-pg-simple', count: control }),
        roundhouse: await run(workload, { ...common, store: 'roundhouse', count: groups }),
      }
      if (!shutdown.aborted) results.push({ workload, counters })
    }
    return results
  } finally {
    await environment.close()
  }
}

async function run(workload: Workload, options: RunWorkloadOptions): Promise<Counters> {
  const progressLine = createProgressLine(process.stdout)
  const describe = ({ checked, violations, seconds }: Counters, of = '') => {
    const counts = `${checked.toLocaleString('en')}${of} ${workload.unit}, ${violations.toLocaleString('en')} ${workload.violation}`
    return `${workload.name.padEnd(10)} ${options.store.padEnd(17)} ${counts}, ${seconds.toFixed(1)} s`
  }
  const goal = ` of ${options.count.toLocaleString('en')}`
  const onProgress = (counters: Counters) => progressLine.show(describe(counters, goal))
  const counters = await runWorkload(workload, { ...options, onProgress })
  progressLine.end(describe(counters))
  return counters
}

/** Resolves with the exit code. */
function report(results: readonly Result[]): number {
  console.log(`\n${resultsTable(results)}\n\n${LEGEND}\n${machine()}`)
  const violations = results.flatMap(violationsOf)
  console.log(violations.length === 0 ? '\nNothing was lost, nothing came back.' : `\n${violations.join('\n')}`)
  return violations.length === 0 ? 0 : 1
}

function machine(): string {
  const load = loadavg().map((figure) => figure.toFixed(1))
  return `${availableParallelism()} cores, load ${load.join(', ')}`
}

/** A database on the Postgres that TEST_DATABASE_URL names, else on one of its own. */
async function withDatabase<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'consistency-'))
  const isGiven = Boolean(process.env.TEST_DATABASE_URL)
  const own = isGiven ? undefined : await startPostgres({ folder: join(folder, 'postgres'), durable: false })
  if (own !== undefined) process.env.TEST_DATABASE_URL = own.url
  try {
    const database = await freshDatabase()
    return await work(database).finally(() => database.drop())
  } finally {
    await own?.stop('immediate')
    await rm(folder, { recursive: true, force: true })
  }
}

import { availableParallelism, loadavg } from 'node:os'
import process from 'node:process'
import { runCommand } from '../../cluster/commands/command.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import { createProgressLine } from '../../test-support/progress-line.ts'
import type { Counters } from './counters.ts'
import { type ConsistencyEnvironment, openConsistencyEnvironment } from './environment.ts'
import { type ConsistencyOptions, readConsistencyOptions } from './options.ts'
import { LEGEND, type Result, table, violationsOf } from './report.ts'
import { type RunWorkloadOptions, runWorkload } from './run-round.ts'
import { startTemporaryPostgres } from './temporary-postgres.ts'
import type { Workload } from './workloads/workload.ts'
import { WORKLOADS } from './workloads/workloads.ts'

await runCommand(async () => {
  const flags = readConsistencyOptions(process.argv.slice(2), WORKLOADS)
  const asked = new AbortController()
  void onShutdownSignal().then(() => asked.abort())
  const ground = await startTemporaryPostgres()
  try {
    console.log(`${flags.workers} replicas over Postgres ${ground.version}; ${machine()}\n`)
    const results = await onTrack(ground.url, flags, asked.signal)
    return asked.signal.aborted ? 130 : tell(results)
  } finally {
    await ground.remove()
  }
})

async function onTrack(url: string, flags: ConsistencyOptions, asked: AbortSignal): Promise<Result[]> {
  const track = await openConsistencyEnvironment(url, flags.workers)
  try {
    return await runAll(track, flags, asked)
  } finally {
    await track.close()
  }
}

async function runAll(track: ConsistencyEnvironment, flags: ConsistencyOptions, asked: AbortSignal): Promise<Result[]> {
  const results: Result[] = []
  for (const race of flags.races) {
    const common = { track, seconds: flags.seconds, asked }
    const stock = await run(race, { ...common, store: 'stock', count: flags.stock })
    const own = await run(race, { ...common, store: 'own', count: flags.groups })
    if (!asked.aborted) results.push({ race, stock, own })
  }
  return results
}

async function run(race: Workload, options: RunWorkloadOptions): Promise<Counters> {
  const line = createProgressLine(process.stdout)
  const shown = ({ counted, broken, seconds }: Counters, of = '') => {
    const figures = `${counted.toLocaleString('en')}${of} ${race.unit}, ${broken.toLocaleString('en')} ${race.fault}`
    return `${race.name.padEnd(10)} ${options.store.padEnd(6)} ${figures}, ${seconds.toFixed(1)} s`
  }
  const goal = ` of ${options.count.toLocaleString('en')}`
  const tally = await runWorkload(race, { ...options, progress: (so) => line.show(shown(so, goal)) })
  line.end(shown(tally))
  return tally
}

function tell(results: readonly Result[]): number {
  console.log(`\n${table(results)}\n\n${LEGEND}\n${machine()}`)
  const faults = results.flatMap(violationsOf)
  console.log(faults.length === 0 ? '\nNothing was lost, nothing came back.' : `\n${faults.join('\n')}`)
  return faults.length === 0 ? 0 : 1
}

function machine(): string {
  const load = loadavg().map((figure) => figure.toFixed(1))
  return `${availableParallelism()} cores, load ${load.join(', ')}`
}

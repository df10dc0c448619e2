import { availableParallelism, loadavg } from 'node:os'
import process from 'node:process'
import { runCommand } from '../../cluster/commands/command.ts'
import { askedToEnd } from '../../cluster/processes/signals.ts'
import type { Tally } from './counters.ts'
import { openTrack, type Track } from './environment.ts'
import { type RaceFlags, readRaceFlags } from './options.ts'
import { progressLine } from './progress.ts'
import { faultsOf, LEGEND, type Result, table } from './report.ts'
import { type ContestOptions, holdContest } from './run-round.ts'
import { openProvingGround } from './temporary-postgres.ts'
import type { Race } from './workloads/workload.ts'
import { RACES } from './workloads/workloads.ts'

await runCommand(async () => {
  const flags = readRaceFlags(process.argv.slice(2), RACES)
  const asked = new AbortController()
  void askedToEnd().then(() => asked.abort())
  const ground = await openProvingGround()
  try {
    console.log(`${flags.workers} replicas over Postgres ${ground.version}; ${machine()}\n`)
    const results = await onTrack(ground.url, flags, asked.signal)
    return asked.signal.aborted ? 130 : tell(results)
  } finally {
    await ground.remove()
  }
})

async function onTrack(url: string, flags: RaceFlags, asked: AbortSignal): Promise<Result[]> {
  const track = await openTrack(url, flags.workers)
  try {
    return await runAll(track, flags, asked)
  } finally {
    await track.close()
  }
}

async function runAll(track: Track, flags: RaceFlags, asked: AbortSignal): Promise<Result[]> {
  const results: Result[] = []
  for (const race of flags.races) {
    const common = { track, seconds: flags.seconds, asked }
    const stock = await run(race, { ...common, store: 'stock', count: flags.stock })
    const own = await run(race, { ...common, store: 'own', count: flags.groups })
    if (!asked.aborted) results.push({ race, stock, own })
  }
  return results
}

async function run(race: Race, options: ContestOptions): Promise<Tally> {
  const line = progressLine(process.stdout)
  const shown = ({ counted, broken, seconds }: Tally, of = '') => {
    const figures = `${counted.toLocaleString('en')}${of} ${race.unit}, ${broken.toLocaleString('en')} ${race.fault}`
    return `${race.name.padEnd(10)} ${options.store.padEnd(6)} ${figures}, ${seconds.toFixed(1)} s`
  }
  const goal = ` of ${options.count.toLocaleString('en')}`
  const tally = await holdContest(race, { ...options, progress: (so) => line.show(shown(so, goal)) })
  line.end(shown(tally))
  return tally
}

function tell(results: readonly Result[]): number {
  console.log(`\n${table(results)}\n\n${LEGEND}\n${machine()}`)
  const faults = results.flatMap(faultsOf)
  console.log(faults.length === 0 ? '\nNothing was lost, nothing came back.' : `\n${faults.join('\n')}`)
  return faults.length === 0 ? 0 : 1
}

function machine(): string {
  const load = loadavg().map((figure) => figure.toFixed(1))
  return `${availableParallelism()} cores, load ${load.join(', ')}`
}

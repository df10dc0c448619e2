import { Counters } from './counters.ts'
import type { ConsistencyEnvironment } from './environment.ts'
import type { Group, Row, StoreName, Workload } from './workloads/workload.ts'

export interface RunWorkloadOptions {
  readonly track: ConsistencyEnvironment
  readonly store: StoreName
  /** How many promises are to be checked. */
  readonly count: number
  /** Ends earlier than that after so many. Default: never. */
  readonly seconds?: number
  /** Told after each round. */
  readonly progress?: (tally: Counters) => void
  readonly asked?: AbortSignal
}

/** Of so many rounds one has a process killed in its midst: every few hundred groups. */
const KILLING = 9

/** Runs one race over one store, from its first group to the last. */
export async function runWorkload(race: Workload, options: RunWorkloadOptions): Promise<Counters> {
  const { track, count, seconds = Number.POSITIVE_INFINITY, progress, asked } = options
  const workers = track.workers.size
  await track.table.clear()
  const tally = new Counters()
  for (let round = 1; tally.counted < count && tally.seconds < seconds && !asked?.aborted; round++) {
    const first = round * race.perRound
    const groups = Array.from({ length: race.perRound }, (_, n) => race.group(first + n, workers, Math.random))
    await runRound(race, groups, options, tally, round % KILLING === 0)
    progress?.(tally)
  }
  for (const { sid } of await track.table.all()) tally.stray(sid)
  return tally.close()
}

async function runRound(
  race: Workload,
  groups: readonly Group[],
  { track: { table, workers: crew }, store }: RunWorkloadOptions,
  tally: Counters,
  kills: boolean,
): Promise<void> {
  await table.prepare(groups.flatMap(({ sessions }) => sessions))
  const acts = groups.flatMap((group) => group.operations)
  const outcomes = await crew.run(store, acts, kills ? tally.kills++ % crew.size : undefined)
  for (const { id } of acts) tally.outcome(outcomes.get(id))
  const rows = Map.groupBy(await table.all(), groupOf)
  for (const group of groups) {
    tally.verdict(race.check(group, outcomes, rows.get(group.number) ?? []))
    rows.delete(group.number)
  }
  // A sign-in whose former session had ended has begun a new one, with nothing in it of any group.
  rows.delete(undefined)
  for (const { sid } of [...rows.values()].flat()) tally.stray(sid)
  await table.clear()
}

/** By what it holds, or by the id that it was prepared with. */
function groupOf({ sid, content }: Row): unknown {
  const number = /^[a-z]+-(\d+)$/.exec(sid)?.[1]
  return content.group ?? (number === undefined ? undefined : Number(number))
}

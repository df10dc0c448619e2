import { createPool } from '../../src/database/pool.ts'
import { Counters } from './counters.ts'
import type { Group, Row, Workload } from './operation.ts'
import { openSessionRows, type SessionRows } from './session-rows.ts'
import type { StoreName } from './stores.ts'
import { WorkerPool } from './worker-pool.ts'

/** A database without users' sessions, and replicas over it. */
export interface ConsistencyEnvironment {
  readonly rows: SessionRows
  readonly workers: WorkerPool
  close(): Promise<void>
}

/** `url`: of a migrated database. `size`: worker processes, default 3. */
export async function openConsistencyEnvironment(url: string, size = 3): Promise<ConsistencyEnvironment> {
  const pool = createPool({ url, name: 'consistency', size: 2 })
  const rows = openSessionRows(pool)
  try {
    const workers = await WorkerPool.start(url, size, rows)
    const close = async () => {
      await workers.stop()
      await pool.end()
    }
    return { rows, workers, close }
  } catch (error) {
    await pool.end()
    throw error
  }
}

export interface RunWorkloadOptions {
  readonly environment: ConsistencyEnvironment
  readonly store: StoreName
  /** How many promises are to be checked. */
  readonly count: number
  /** Ends after this time at the latest. Default: no limit. */
  readonly seconds?: number
  /** After each round. */
  readonly onProgress?: (counters: Counters) => void
  readonly shutdown?: AbortSignal
}

/** In every ninth round a process is killed. */
const ROUNDS_PER_KILL = 9

/** Runs one workload over one store. */
export async function runWorkload(workload: Workload, options: RunWorkloadOptions): Promise<Counters> {
  const { count, seconds = Number.POSITIVE_INFINITY, onProgress, shutdown } = options
  const { rows, workers } = options.environment
  await rows.clear()
  const counters = new Counters()
  for (let round = 1; counters.checked < count && counters.seconds < seconds && !shutdown?.aborted; round++) {
    const groups = Array.from({ length: workload.groupsPerRound }, (_, index) =>
      workload.createGroup(round * workload.groupsPerRound + index, workers.size, Math.random),
    )
    await runRound(workload, groups, options, counters, round % ROUNDS_PER_KILL === 0)
    onProgress?.(counters)
  }
  for (const { sid } of await rows.all()) counters.addStray(sid)
  return counters.stop()
}

async function runRound(
  workload: Workload,
  groups: readonly Group[],
  { environment: { rows, workers }, store }: RunWorkloadOptions,
  counters: Counters,
  kills: boolean,
): Promise<void> {
  await rows.insert(groups.flatMap(({ sessions }) => sessions))
  const operations = groups.flatMap((group) => group.operations)
  const outcomes = await workers.run(store, operations, kills ? counters.kills++ % workers.size : undefined)
  for (const { id } of operations) counters.addOutcome(outcomes.get(id))
  const rowsByGroup = Map.groupBy(await rows.all(), groupOf)
  for (const group of groups) {
    counters.addResult(workload.check(group, outcomes, rowsByGroup.get(group.number) ?? []))
    rowsByGroup.delete(group.number)
  }
  // A sign-in whose previous session had ended has begun a new one, which holds nothing of any
  // group.
  rowsByGroup.delete(undefined)
  for (const { sid } of [...rowsByGroup.values()].flat()) counters.addStray(sid)
  await rows.clear()
}

/** By its content, or by the id that it was inserted with. */
function groupOf({ sid, content }: Row): unknown {
  const number = /^[a-z]+-(\d+)$/.exec(sid)?.[1]
  return content.group ?? (number === undefined ? undefined : Number(number))
}

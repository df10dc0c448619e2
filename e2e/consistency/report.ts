import { alignColumns } from '../../test-support/table.ts'
import type { Counters } from './counters.ts'
import type { StoreName, Workload } from './workloads/workload.ts'

/** One race as both stores have run it. */
export interface Result {
  readonly race: Workload
  readonly stock: Counters
  readonly own: Counters
}

/** What is wrong with a result, in words: something was lost, or nothing was proved. */
export function violationsOf({ race, stock, own }: Result): string[] {
  const { counted, broken, states, errors, evidence } = own
  const faults: string[] = []
  if (broken > 0) faults.push(`${race.name}: ${whole(broken)} ${race.fault}: ${evidence.join('; ')}`)
  if (counted === 0) faults.push(`${race.name}: nothing was acknowledged`)
  if (states.failed > 0) faults.push(`${race.name}: ${whole(states.failed)} requests failed: ${errors.join('; ')}`)
  const gone = states.refused + states.absent
  if (!race.ends && gone > 0) faults.push(`${race.name}: ${whole(gone)} requests found no session, and nobody ended it`)
  if (stock.broken === 0) faults.push(`${race.name}: stock did not fail, so the race proves nothing`)
  return faults
}

const HEAD = [
  'race',
  'store',
  'counted',
  'broken',
  '',
  'acknowledged',
  'refused',
  'absent',
  'failed',
  'killed',
  'unknown',
  's',
]

export function table(results: readonly Result[]): string {
  const lines = results.flatMap((result) => [lineOf(result, 'stock'), lineOf(result, 'own')])
  return alignColumns([HEAD, ...lines], 2).join('\n')
}

/** Its columns after the counts: what became of the requests. */
export const LEGEND = `counted: what was acknowledged and then looked up; acknowledged … unknown: what became of the single requests (refused: the
session ended before the commit; absent: before it was read; unknown: under way in a process that was killed)`

function lineOf({ race, ...stores }: Result, store: StoreName): string[] {
  const { counted, broken, states, kills, seconds } = stores[store]
  const share = counted === 0 ? '' : ` (${((100 * broken) / counted).toFixed(broken === 0 ? 0 : 1)} %)`
  const requests = [states.done, states.refused, states.absent, states.failed, kills, states.unknown].map(whole)
  return [
    race.name,
    store,
    `${whole(counted)} ${race.unit}`,
    `${whole(broken)} ${race.fault}`,
    share.trim(),
    ...requests,
    seconds.toFixed(1),
  ]
}

function whole(number: number): string {
  return number.toLocaleString('en')
}

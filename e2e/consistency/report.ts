import { alignColumns } from '../../test-support/table.ts'
import type { Counters } from './counters.ts'
import type { Workload } from './operation.ts'
import type { StoreName } from './stores.ts'

/** One workload, over both stores. connect-pg-simple is the control: it has to fail. */
export interface Result {
  readonly workload: Workload
  readonly counters: Readonly<Record<StoreName, Counters>>
}

/** What is wrong with a result: a promise was broken, or nothing was proved. */
export function violationsOf({ workload, counters }: Result): string[] {
  const { checked, violations, states, errors, evidence } = counters.roundhouse
  const found: string[] = []
  if (violations > 0) found.push(`${whole(violations)} ${workload.violation}: ${evidence.join('; ')}`)
  if (checked === 0) found.push('nothing was acknowledged')
  if (states.failed > 0) found.push(`${whole(states.failed)} requests failed: ${errors.join('; ')}`)
  const missed = states.refused + states.absent
  if (!workload.endsSessions && missed > 0)
    found.push(`${whole(missed)} requests found no session, though nothing ended it`)
  if (counters['connect-pg-simple'].violations === 0)
    found.push('connect-pg-simple did not fail, so the workload proves nothing')
  return found.map((violation) => `${workload.name}: ${violation}`)
}

const REQUEST_COLUMNS = ['acknowledged', 'refused', 'absent', 'failed', 'killed', 'unknown']
const HEAD = ['workload', 'store', 'checked', 'broken', '', ...REQUEST_COLUMNS, 's']

export function resultsTable(results: readonly Result[]): string {
  const lines = results.flatMap((result) => [lineOf(result, 'connect-pg-simple'), lineOf(result, 'roundhouse')])
  return alignColumns([HEAD, ...lines], 2).join('\n')
}

export const LEGEND = `checked: what was acknowledged and then looked up; acknowledged … unknown: the outcomes of the single requests (refused:
the session ended before the commit; absent: before it was read; unknown: in flight in a process that was killed)`

function lineOf({ workload, counters }: Result, store: StoreName): string[] {
  const { checked, violations, states, kills, seconds } = counters[store]
  const requests = [states.done, states.refused, states.absent, states.failed, kills, states.unknown]
  return [
    workload.name,
    store,
    `${whole(checked)} ${workload.unit}`,
    `${whole(violations)} ${workload.violation}`,
    checked === 0 ? '' : `(${((100 * violations) / checked).toFixed(violations === 0 ? 0 : 1)} %)`,
    ...requests.map(whole),
    seconds.toFixed(1),
  ]
}

function whole(number: number): string {
  return number.toLocaleString('en')
}

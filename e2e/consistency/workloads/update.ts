import { valueAt } from '../content.ts'
import type { Operation, Workload } from './workload.ts'

/** At once on one session, spread over the replicas. */
const INCREMENTS = 24
const COUNTER = ['counters', 'visits']

/** All replicas count up one field of one session at once. */
export const update: Workload = {
  name: 'updates',
  unit: 'increments',
  fault: 'lost',
  ends: false,
  perRound: 4,
  group(number, workers) {
    const sid = `counted-${number}`
    const acts = Array.from({ length: INCREMENTS }, (_, n): Operation => {
      return { id: `${number}-${n}`, worker: n % workers, sid, verb: 'increment', path: COUNTER }
    })
    return { number, kind: 'increments', sessions: [{ sid, content: { group: number } }], operations: acts }
  },
  check({ operations: acts }, outcomes, rows) {
    const states = acts.map(({ id }) => outcomes.get(id)?.state)
    const done = states.filter((state) => state === 'done').length
    const unknown = states.filter((state) => state === undefined || state === 'failed').length
    const count = Number(valueAt(rows[0]?.content ?? {}, COUNTER) ?? 0)
    // One that was applied twice would hide one that was lost.
    const broken = Math.max(0, done - count, count - done - unknown)
    const evidence = `${done} acknowledged, ${unknown} unknown, ${count} counted`
    return { counted: done, broken, ...(broken > 0 && { evidence }) }
  },
}

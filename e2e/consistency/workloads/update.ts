import { type Operation, valueAt, type Workload } from '../operation.ts'

/** At once on one session, spread over the replicas. */
const INCREMENTS = 24
const PATH = ['counters', 'visits']

/** All replicas increment one field of one session at once. */
export const update: Workload = {
  name: 'updates',
  unit: 'increments',
  violation: 'lost',
  endsSessions: false,
  groupsPerRound: 4,
  createGroup(number, workers) {
    const sid = `counted-${number}`
    const operations = Array.from({ length: INCREMENTS }, (_, index): Operation => {
      return { id: `${number}-${index}`, worker: index % workers, sid, kind: 'increment', path: PATH }
    })
    return { number, kind: 'increments', sessions: [{ sid, content: { group: number } }], operations }
  },
  check({ operations }, outcomes, rows) {
    const states = operations.map(({ id }) => outcomes.get(id)?.state)
    const done = states.filter((state) => state === 'done').length
    const unknown = states.filter((state) => state === undefined || state === 'failed').length
    const count = Number(valueAt(rows[0]?.content ?? {}, PATH) ?? 0)
    // An increment that was applied twice would hide one that was lost.
    const violations = Math.max(0, done - count, count - done - unknown)
    const evidence = `${done} acknowledged, ${unknown} unknown, ${count} counted`
    return { checked: done, violations, ...(violations > 0 && { evidence }) }
  },
}

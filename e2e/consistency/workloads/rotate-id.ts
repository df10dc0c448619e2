import { valueAt } from '../content.ts'
import { checkResult, NOTHING_TO_CHECK, type Operation, type Workload } from './workload.ts'
import { lostOf } from './write.ts'

/** One replica gives the session a new id, as a sign-in does, while all others write to it. */
export const rotateId: Workload = {
  name: 'renames',
  unit: 'renames',
  fault: 'lossy',
  ends: true,
  perRound: 32,
  group(number, workers, random) {
    const sid = `renamed-${number}`
    const renamer = number % workers
    const at = { id: `${number}`, worker: renamer, sid }
    const rename: Operation = { ...at, verb: 'rename', live: random() < 0.5, path: ['account'], value: 'ada' }
    const writers = Array.from({ length: workers }, (_, worker) => worker).filter((worker) => worker !== renamer)
    const acts = writers.flatMap((worker) =>
      ['first', 'second'].map((name): Operation => {
        const path = ['basket', `${name}-${worker}`]
        return { id: `${number}-${worker}-${name}`, worker, sid, verb: 'put', path, value: 1, late: random() < 0.25 }
      }),
    )
    return {
      number,
      kind: 'rename',
      sessions: [{ sid, content: { group: number, former: true } }],
      operations: [rename, ...acts],
    }
  },
  check({ operations: acts, sessions: [former] }, outcomes, rows) {
    const [rename, ...writers] = acts
    const renamed = outcomes.get(rename?.id ?? '')
    const done = writers.filter(({ id }) => outcomes.get(id)?.state === 'done')
    // Nobody knows whether a killed one has happened: either way there is one session, with all that was acknowledged.
    const unknown = renamed === undefined
    if (!unknown && renamed.state !== 'done') return NOTHING_TO_CHECK
    const row = rows.find(({ sid }) => unknown || sid === renamed.sid)
    if (row === undefined) return checkResult('the session is gone')
    const lost = done.map((act) => lostOf(act, row)).find((found) => found !== undefined)
    if (lost !== undefined) return checkResult(lost)
    if (rows.length > 1) return checkResult(`there are two sessions: ${rows.map(({ sid }) => sid).join(' and ')}`)
    if (!unknown && valueAt(row.content, ['account']) !== 'ada') return checkResult('what came with the new id is lost')
    if (valueAt(row.content, ['former']) !== true) return checkResult('what the session held before is lost')
    return checkResult(!unknown && row.sid === former?.sid ? 'the id is the former one' : undefined)
  },
}

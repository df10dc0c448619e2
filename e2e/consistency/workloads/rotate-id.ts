import { checkResult, NOTHING_TO_CHECK, type Operation, valueAt, type Workload } from '../operation.ts'
import { lostWrite } from './write.ts'

/** One replica rotates the id, as a sign-in does, while all others write to the session. */
export const rotateId: Workload = {
  name: 'rotations',
  unit: 'rotations',
  violation: 'lossy',
  endsSessions: true,
  groupsPerRound: 32,
  createGroup(number, workers, random) {
    const sid = `rotated-${number}`
    const rotator = number % workers
    const common = { id: `${number}`, worker: rotator, sid }
    const rotation: Operation = {
      ...common,
      kind: 'rotateId',
      mustBeLive: random() < 0.5,
      path: ['account'],
      value: 'ada',
    }
    const others = Array.from({ length: workers }, (_, worker) => worker).filter((worker) => worker !== rotator)
    const writes = others.flatMap((worker) =>
      ['first', 'second'].map((name): Operation => {
        const path = ['basket', `${name}-${worker}`]
        return { id: `${number}-${worker}-${name}`, worker, sid, kind: 'set', path, value: 1, late: random() < 0.25 }
      }),
    )
    const sessions = [{ sid, content: { group: number, before: true } }]
    return { number, kind: 'rotateId', sessions, operations: [rotation, ...writes] }
  },
  check({ operations: [rotation, ...writes], sessions: [before] }, outcomes, rows) {
    const rotated = outcomes.get(rotation?.id ?? '')
    const done = writes.filter(({ id }) => outcomes.get(id)?.state === 'done')
    // A killed one may have happened: either way there is one session, with all that was
    // acknowledged.
    const unknown = rotated === undefined
    if (!unknown && rotated.state !== 'done') return NOTHING_TO_CHECK
    const row = rows.find(({ sid }) => unknown || sid === rotated.sid)
    if (row === undefined) return checkResult('the session is gone')
    const lost = done.map((write) => lostWrite(write, row)).find((found) => found !== undefined)
    if (lost !== undefined) return checkResult(lost)
    if (rows.length > 1) return checkResult(`there are two sessions: ${rows.map(({ sid }) => sid).join(' and ')}`)
    if (!unknown && valueAt(row.content, ['account']) !== 'ada') return checkResult('the write with the new id is lost')
    if (valueAt(row.content, ['before']) !== true) return checkResult('what the session held before is lost')
    return checkResult(!unknown && row.sid === before?.sid ? 'the id is still the previous one' : undefined)
  },
}

import {
  type CheckResult,
  checkResult,
  type Group,
  NOTHING_TO_CHECK,
  type Operation,
  type Outcome,
  type Row,
  type Workload,
} from './workload.ts'

/** The ways in which a session ends, or its id does. */
const KINDS = ['destroy', 'endOthers', 'rename'] as const

/** One replica ends a session while all others write to it, update it and move its expiry. */
export const signOut: Workload = {
  name: 'sign-outs',
  unit: 'sign-outs',
  fault: 'undone',
  ends: true,
  perRound: 32,
  group(number, workers, random) {
    const kind = KINDS[number % KINDS.length] ?? 'destroy'
    const account = `account-${number}`
    const sid = `leaving-${number}`
    const staying = `staying-${number}`
    const ender = number % workers
    const at = { id: `${number}`, worker: ender }
    const end: Operation =
      kind === 'destroy'
        ? { ...at, verb: 'destroy', sid }
        : kind === 'endOthers'
          ? { ...at, verb: 'endOthers', sid: staying, account }
          : { ...at, verb: 'rename', live: random() < 0.5, sid, path: ['renamed'], value: true }
    const others = Array.from({ length: workers }, (_, worker) => worker).filter((worker) => worker !== ender)
    const content = { group: number, account }
    return {
      number,
      kind,
      sessions: [{ sid, content }, ...(kind === 'endOthers' ? [{ sid: staying, content }] : [])],
      operations: [end, ...others.flatMap((worker) => inFlight(`${number}`, worker, sid, random)), ...renaming(kind)],
    }

    // Whoever ends the sessions of an account means the one that is just being renamed, too.
    function renaming(kind: string): Operation[] {
      if (kind !== 'endOthers' || random() < 0.5) return []
      const at = { id: `${number}-renaming`, worker: others[0] ?? 0, sid }
      return [{ ...at, verb: 'rename', live: random() < 0.5, path: ['renamed'], value: true }]
    }
  },
  check(group, outcomes, rows) {
    const outcome = outcomes.get(group.operations[0]?.id ?? '')
    return outcome?.state === 'done' ? judgeEnd(group, outcome, rows) : NOTHING_TO_CHECK
  },
}

function inFlight(number: string, worker: number, sid: string, random: () => number): Operation[] {
  const at = (name: string) => ({ id: `${number}-${worker}-${name}`, worker, sid, late: random() < 0.25 })
  return [
    { ...at('put'), verb: 'put', path: ['seen', `by-${worker}`], value: Number(number) },
    { ...at('touch'), verb: 'touch' },
    { ...at('increment'), verb: 'increment', path: ['visits'] },
  ]
}

function judgeEnd({ kind, sessions }: Group, outcome: Outcome, rows: readonly Row[]): CheckResult {
  const allowed = { destroy: [], endOthers: [sessions[1]?.sid], rename: [outcome.sid] }[kind] ?? []
  const undone = rows.find(({ sid }) => !allowed.includes(sid))
  if (undone !== undefined)
    return checkResult(`${kind}: ${undone.sid} is there again: ${JSON.stringify(undone.content)}`)
  const missing = allowed.find((sid) => !rows.some((row) => row.sid === sid))
  return checkResult(missing === undefined ? undefined : `${kind}: ${missing}, which was to stay, is gone`)
}

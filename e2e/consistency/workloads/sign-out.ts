import {
  type CheckResult,
  checkResult,
  type Group,
  NOTHING_TO_CHECK,
  type Operation,
  type Outcome,
  type Row,
  type Workload,
} from '../operation.ts'

/** The ways in which a session ends, or its id does. */
const KINDS = ['destroy', 'revokeOthers', 'rotateId'] as const

/** One replica ends a session while all others write to it, update it and move its expiry. */
export const signOut: Workload = {
  name: 'sign-outs',
  unit: 'sign-outs',
  violation: 'undone',
  endsSessions: true,
  groupsPerRound: 32,
  createGroup(number, workers, random) {
    const kind = KINDS[number % KINDS.length] ?? 'destroy'
    const account = `account-${number}`
    const sid = `leaving-${number}`
    const staying = `staying-${number}`
    const ender = number % workers
    const others = Array.from({ length: workers }, (_, worker) => worker).filter((worker) => worker !== ender)
    const rotation = (id: string, worker: number): Operation => {
      return { id, worker, sid, kind: 'rotateId', mustBeLive: random() < 0.5, path: ['rotated'], value: true }
    }
    const common = { id: `${number}`, worker: ender }
    const end: Operation =
      kind === 'destroy'
        ? { ...common, kind, sid }
        : kind === 'revokeOthers'
          ? { ...common, kind, sid: staying, account }
          : rotation(common.id, ender)
    const operations = [end, ...others.flatMap((worker) => concurrentChanges(number, worker, sid, random))]
    // Ending an account's sessions also ends the one whose id another replica is just rotating.
    if (kind === 'revokeOthers' && random() >= 0.5) operations.push(rotation(`${number}-rotation`, others[0] ?? 0))
    const content = { group: number, account }
    const sessions = [{ sid, content }, ...(kind === 'revokeOthers' ? [{ sid: staying, content }] : [])]
    return { number, kind, sessions, operations }
  },
  check(group, outcomes, rows) {
    const outcome = outcomes.get(group.operations[0]?.id ?? '')
    return outcome?.state === 'done' ? checkEnd(group, outcome, rows) : NOTHING_TO_CHECK
  },
}

function concurrentChanges(number: number, worker: number, sid: string, random: () => number): Operation[] {
  const common = (name: string) => ({ id: `${number}-${worker}-${name}`, worker, sid, late: random() < 0.25 })
  return [
    { ...common('set'), kind: 'set', path: ['seen', `by-${worker}`], value: number },
    { ...common('touch'), kind: 'touch' },
    { ...common('increment'), kind: 'increment', path: ['visits'] },
  ]
}

function checkEnd({ kind, sessions }: Group, outcome: Outcome, rows: readonly Row[]): CheckResult {
  const allowed = { destroy: [], revokeOthers: [sessions[1]?.sid], rotateId: [outcome.sid] }[kind] ?? []
  const undone = rows.find(({ sid }) => !allowed.includes(sid))
  if (undone !== undefined) return checkResult(`${kind}: ${undone.sid} came back: ${JSON.stringify(undone.content)}`)
  const missing = allowed.find((sid) => !rows.some((row) => row.sid === sid))
  return checkResult(missing === undefined ? undefined : `${kind}: ${missing}, which was to stay, is gone`)
}

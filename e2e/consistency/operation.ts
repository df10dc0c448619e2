/** A path into a session's content, from its top. */
export type Path = readonly string[]
export type Content = Readonly<Record<string, unknown>>

export interface Row {
  readonly sid: string
  readonly content: Content
}

/**
 * What one request does. Except the `late` ones, all have read the session before the first of
 * their group runs.
 */
export type Operation = {
  readonly id: string
  /** Index of the replica. */
  readonly worker: number
  readonly sid: string
  /** Reads the session only while the others run. */
  readonly late?: boolean
} & (
  | { readonly kind: 'set'; readonly path: Path; readonly value: unknown }
  | { readonly kind: 'remove' | 'increment'; readonly path: Path }
  | { readonly kind: 'touch' | 'destroy' }
  /** Ends the account's sessions, except `sid`. */
  | { readonly kind: 'revokeOthers'; readonly account: string }
  /**
   * Rotates the id and sets a value: with `mustBeLive` as a signed-in user's change of password,
   * else as a sign-in.
   */
  | { readonly kind: 'rotateId'; readonly mustBeLive: boolean; readonly path: Path; readonly value: unknown }
)

/**
 * `done`: acknowledged. `absent`: the session had ended before it was read. `refused`: it ended
 * before the change was committed. `failed`: anything else. An operation whose process was killed
 * first has no outcome: it may or may not have happened.
 */
export interface Outcome {
  readonly state: 'done' | 'absent' | 'refused' | 'failed'
  /** The new id, after `rotateId`. */
  readonly sid?: string
  readonly error?: string
}

export type Outcomes = ReadonlyMap<string, Outcome>

/** Concurrent operations on one session (and the account's others). */
export interface Group {
  readonly number: number
  readonly kind: string
  readonly sessions: readonly Row[]
  readonly operations: readonly Operation[]
}

/** How many promises of a group could be checked, how many of them were broken, and how. */
export interface CheckResult {
  readonly checked: number
  readonly violations: number
  readonly evidence?: string
}

export interface Workload {
  readonly name: string
  /** What is counted, and what a violation is called: 'sign-outs', 'undone'. */
  readonly unit: string
  readonly violation: string
  /** Sessions end: an operation may find its session gone. */
  readonly endsSessions: boolean
  readonly groupsPerRound: number
  /** `random` is from 0 up to 1; equal numbers do not make equal groups. */
  readonly createGroup: (number: number, workers: number, random: () => number) => Group
  /** `rows`: those of the group that exist when all operations have ended. */
  readonly check: (group: Group, outcomes: Outcomes, rows: readonly Row[]) => CheckResult
}

export const NOTHING_TO_CHECK: CheckResult = { checked: 0, violations: 0 }

/** One promise: broken, if there is evidence of it. */
export function checkResult(evidence: string | undefined): CheckResult {
  return evidence === undefined ? { checked: 1, violations: 0 } : { checked: 1, violations: 1, evidence }
}

type Fields = Record<string, unknown>

export function valueAt(content: Content, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (at as Fields | undefined)?.[name], content)
}

/** Sets a value at a path, and creates what is missing above it. */
export function setAt(content: object, path: Path, value: unknown): void {
  parentOf(content, path)[path.at(-1) ?? ''] = value
}

export function removeAt(content: object, path: Path): void {
  delete parentOf(content, path)[path.at(-1) ?? '']
}

export function incrementAt(content: object, path: Path): void {
  setAt(content, path, Number(valueAt(content as Content, path) ?? 0) + 1)
}

function parentOf(content: object, path: Path): Fields {
  return path.slice(0, -1).reduce((at, name) => {
    at[name] ??= {}
    return at[name] as Fields
  }, content as Fields)
}

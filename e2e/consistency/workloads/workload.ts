/** A path into a session's content, from its top. */
export type Path = readonly string[]
export type Content = Readonly<Record<string, unknown>>
export type StoreName = 'stock' | 'own'

/** What one request does. All but `late` ones have read the session before the first of their group acts. */
export type Operation = {
  readonly id: string
  /** On which of the replicas. */
  readonly worker: number
  readonly sid: string
  /** Reads the session only while the others act. */
  readonly late?: boolean
} & (
  | { readonly verb: 'put'; readonly path: Path; readonly value: unknown }
  | { readonly verb: 'remove'; readonly path: Path }
  | { readonly verb: 'touch' | 'destroy' }
  /** Ends the account's sessions, except `sid`. */
  | { readonly verb: 'endOthers'; readonly account: string }
  /** A new id, with what was there and a value added: `live` as when somebody who is signed in changes the password, else as a sign-in. */
  | { readonly verb: 'rename'; readonly live: boolean; readonly path: Path; readonly value: unknown }
  | { readonly verb: 'increment'; readonly path: Path }
)

/**
 * `done`: acknowledged. `absent`: the session had ended before it was read. `refused`: it ended before the change was committed.
 * `failed`: anything else. No outcome at all: the process was killed first, and nobody knows.
 */
export interface Outcome {
  readonly state: 'done' | 'absent' | 'refused' | 'failed'
  /** The new id, after a rename. */
  readonly sid?: string
  readonly error?: string
}

export interface Row {
  readonly sid: string
  readonly content: Content
}

/** Requests that act at once on one session (and its account's others). */
export interface Group {
  readonly number: number
  readonly kind: string
  readonly sessions: readonly Row[]
  readonly operations: readonly Operation[]
}

/** How many of a group's promises could be checked, how many were broken, and how, in words. */
export interface CheckResult {
  readonly counted: number
  readonly broken: number
  readonly evidence?: string
}

export interface Workload {
  readonly name: string
  /** What is counted, and what one is called when it goes wrong: 'sign-outs', 'undone'. */
  readonly unit: string
  readonly fault: string
  /** A session's end is part of it: a request may find its session gone. */
  readonly ends: boolean
  readonly perRound: number
  /** `random` is from 0 up to 1; equal numbers do not make equal groups. */
  readonly group: (number: number, workers: number, random: () => number) => Group
  /** `rows`: those of the group that are there when all have acted. */
  readonly check: (group: Group, outcomes: ReadonlyMap<string, Outcome>, rows: readonly Row[]) => CheckResult
}

export const NOTHING_TO_CHECK: CheckResult = { counted: 0, broken: 0 }

/** A broken promise and what was found, or a kept one. */
export function checkResult(broken: string | undefined): CheckResult {
  return broken === undefined ? { counted: 1, broken: 0 } : { counted: 1, broken: 1, evidence: broken }
}

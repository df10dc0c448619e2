import type { SessionData } from 'express-session'
import type { Row } from '../storage/session-table.ts'
import { type Change, diff, type JsonObject } from './diff.ts'
import { hasLifetimeChanged, maxAgeOf, shouldTouch } from './expiry.ts'
import { assertNoReservedNames, cookieJson, cookieOf, RESERVED_NAMES } from './session-fields.ts'

/** What a request knows of a session that has a row. The objects are never changed. */
export interface Snapshot {
  readonly sid: string
  readonly row: Row
  readonly content: JsonObject
  /** Baseline for the next diff: the session as of its last synchronisation with the row. */
  readonly baseline: JsonObject
  /** The lifetime of the session's cookie at that time. */
  readonly maxAge: number | null | undefined
}

/** What a commit would write. */
export interface PendingWrite {
  readonly changes: readonly Change[]
  readonly touch: boolean
  /** The application gave the session another lifetime. */
  readonly lifetimeChanged: boolean
}

/** For a session that has no row yet. */
export const NO_CHANGES: PendingWrite = { changes: [], touch: false, lifetimeChanged: false }

/** Undefined where there is nothing to write. Throws NotSerializable. */
export function pendingWriteOf(
  session: SessionData,
  snapshot: Snapshot | undefined,
  lifetimeMs: number,
  activity: boolean,
): PendingWrite | undefined {
  assertNoReservedNames(session, snapshot?.baseline ?? {})
  const changes = ownChanges(session, snapshot)
  const lifetimeChanged = snapshot !== undefined && hasLifetimeChanged(snapshot.maxAge, maxAgeOf(session.cookie))
  const touch = lifetimeChanged || (activity && snapshot !== undefined && shouldTouch(snapshot.row, lifetimeMs))
  return changes.length > 0 || touch ? { changes, touch, lifetimeChanged } : undefined
}

/** The changes of this request that are not written yet. */
export function ownChanges(session: object, snapshot: Snapshot | undefined): Change[] {
  return diff(snapshot?.baseline ?? {}, session, RESERVED_NAMES)
}

/** Keeps the row's cookie if another request chose a lifetime, and this one did not. */
export function withRowCookie(
  content: JsonObject,
  session: SessionData,
  snapshot: Snapshot,
  { touch, lifetimeChanged }: PendingWrite,
): JsonObject {
  const stored = cookieOf(content)
  const isOthers = stored !== undefined && !lifetimeChanged && maxAgeOf(stored) !== maxAgeOf(snapshot.content.cookie)
  if (!isOthers) content.cookie = cookieJson(session.cookie)
  else if (touch) content.cookie = touched(stored)
  return content
}

function touched(cookie: JsonObject): JsonObject {
  const maxAge = maxAgeOf(cookie)
  return typeof maxAge === 'number' ? { ...cookie, expires: new Date(Date.now() + maxAge).toISOString() } : cookie
}

import type expressSession from 'express-session'
import type { SessionData } from 'express-session'
import { SessionEnded, SessionTooLarge } from '../errors.ts'
import {
  assertNoReservedNames,
  cookieJson,
  cookieOf,
  pickFields,
  RESERVED_NAMES,
  replaceContents,
  toContent,
  toSerializable,
  withExpires,
} from '../request/session-fields.ts'
import type { Lifetime, Row, SessionTable } from '../storage/session-table.ts'
import { applyPatch, type Change, clone, diff, isObject, type JsonObject } from './diff.ts'
import { hasLifetimeChanged, lifetimeMsOf, maxAgeOf, shouldTouch, touchCookie } from './expiry.ts'
import { OptimisticWriter, type WriterOptions } from './optimistic-write.ts'
import { keepsField, type RegenerateOptions } from './regenerate-options.ts'
import { Successors } from './successors.ts'

export type Session = expressSession.Session & SessionData

export interface TrackedSessionsOptions extends WriterOptions {
  /** Milliseconds that a session lives at most, whatever its activity. */
  readonly absoluteMaxAge: number
}

/** What a request would write. */
export interface PendingWrite {
  readonly changes: readonly Change[]
  readonly touch: boolean
  /** The application gave the session another lifetime. */
  readonly lifetimeChanged: boolean
}

/** What is known of a session that has a row. Nobody else holds the two objects, and neither is changed. */
interface Snapshot {
  /** The row as it was last seen. */
  readonly row: Row
  readonly content: JsonObject
  /** What of it this request has in its hands: the session when it and the row were last brought together. */
  readonly baseline: JsonObject
  /** The lifetime that the session's cookie had then. */
  readonly maxAge: unknown
}

/** For a session that has no row yet. */
export const NO_CHANGES: PendingWrite = { changes: [], touch: false, lifetimeChanged: false }

/** A row that is so many times larger than a session may be is none. */
const MAX_SIZE_FACTOR = 10
/** After so many tries that met another's change, the row is locked. */
const MAX_TRIES = 2

/** Sessions as requests hold them, and how each is brought together with its row. */
export class TrackedSessions {
  readonly #table: SessionTable
  readonly #writer: OptimisticWriter
  readonly #absoluteMaxAge: number
  readonly #maxBytes: number
  readonly #snapshots = new WeakMap<object, Snapshot>()
  readonly #absoluteMaxAges = new WeakMap<object, number>()
  /** Whose first row was asked for, whatever became of that. */
  readonly #insertAttempted = new WeakSet<object>()
  readonly successors: Successors

  constructor(options: TrackedSessionsOptions) {
    this.#table = options.table
    this.#writer = new OptimisticWriter(options)
    this.successors = new Successors(options.table, this.#writer)
    this.#absoluteMaxAge = options.absoluteMaxAge
    this.#maxBytes = options.maxBytes
  }

  /** The row's content; undefined where there is none. Throws where it cannot be used: no object, nested too deeply, much too large. */
  async read(sid: string): Promise<SessionData | undefined> {
    const row = await this.#table.read(sid)
    if (row === undefined) return undefined
    // Nothing of ours wrote it, and parsing it at every request would cost more than all the rest.
    if (row.text.length > MAX_SIZE_FACTOR * this.#maxBytes) throw new SessionTooLarge(row.text.length, this.#maxBytes)
    const data = JSON.parse(row.text)
    if (!isObject(data)) throw new TypeError('a session that is no JSON object')
    // Copied, since parsing a second time costs three times as much.
    const content = clone(data)
    this.#snapshots.set(data, { row, content, baseline: content, maxAge: maxAgeOf(data.cookie) })
    return data as unknown as SessionData
  }

  /** `session` is made of `data`: what is known of one holds for the other. */
  alias(data: object, session: SessionData): void {
    const snapshot = this.#snapshots.get(data)
    if (snapshot !== undefined) this.#snapshots.set(session, { ...snapshot, maxAge: maxAgeOf(session.cookie) })
  }

  /** Whether it has a row, as far as this request knows. */
  hasRow(session: object): boolean {
    return this.#snapshots.has(session)
  }

  /** Whether it may have a row: one that was asked for, and not answered, too. */
  mayHaveRow(session: object): boolean {
    return this.#snapshots.has(session) || this.#insertAttempted.has(session)
  }

  /** What this request would write; undefined where that is nothing. Throws Unstorable. */
  pendingWrite(session: SessionData, activity = true): PendingWrite | undefined {
    const snapshot = this.#snapshots.get(session)
    assertNoReservedNames(session, snapshot?.baseline ?? {})
    const changes = diff(snapshot?.baseline ?? {}, session, RESERVED_NAMES)
    const lifetimeChanged = snapshot !== undefined && hasLifetimeChanged(snapshot.maxAge, maxAgeOf(session.cookie))
    const touch = lifetimeChanged || (activity && snapshot !== undefined && shouldTouch(snapshot.row, session))
    return changes.length > 0 || touch ? { changes, touch, lifetimeChanged } : undefined
  }

  /** Writes it; whether the expiry moved. Throws SessionGone where the session has ended meanwhile. */
  async commit(sid: string, session: SessionData, pendingWrite: PendingWrite): Promise<boolean> {
    const snapshot = this.#snapshots.get(session)
    if (snapshot === undefined) return this.#insert(sid, session)
    const { changes, touch, lifetimeChanged } = pendingWrite
    if (changes.length === 0 && !lifetimeChanged) return this.#touch(sid, session, snapshot)
    if (touch) touchCookie(session)
    const transform = (content: JsonObject) =>
      this.#withCookie(applyPatch(content, changes), session, snapshot, pendingWrite)
    const lifetimeFor = touch
      ? (content: JsonObject) => ({ ...this.#lifetime(session, content), mayShorten: lifetimeChanged })
      : undefined
    const written = await this.#writer.write({ sid, snapshot, transform, lifetimeFor, maxTries: MAX_TRIES })
    const maxAge = maxAgeOf(written.content.cookie)
    // Another request chose another lifetime meanwhile: this one's cookie must not undo it in the browser.
    if (hasLifetimeChanged(maxAgeOf(session.cookie), maxAge)) session.cookie.maxAge = maxAge as number
    // Not what the session holds by now: what was changed while this was on its way is still to be written.
    const baseline =
      snapshot.baseline === snapshot.content && written.hadNoConflict
        ? written.content
        : applyPatch(clone(snapshot.baseline), changes)
    this.#snapshots.set(session, { ...written, baseline, maxAge })
    return touch
  }

  /**
   * Applies `change` to the session as the row has it at that moment, with what this request changed before; again, where another request's change
   * came in between. `change` may therefore run several times, and must be synchronous.
   */
  async update(sid: string, session: SessionData, change: (draft: SessionData) => void): Promise<void> {
    const snapshot = this.#snapshots.get(session)
    if (snapshot === undefined) {
      change(session)
      await this.#insert(sid, session)
      return
    }
    const ownChanges = diff(snapshot.baseline, session, RESERVED_NAMES)
    let latest: JsonObject = {}
    const transform = (content: JsonObject) => {
      latest = applyPatch(content, ownChanges)
      const result: unknown = change(latest as unknown as SessionData)
      if (result instanceof Promise)
        throw new TypeError('session.update takes a function that is not async: it may run several times')
      return toSerializable(latest)
    }
    const { row, content } = await this.#writer.write({ sid, snapshot, transform, maxTries: 2 * MAX_TRIES })
    replaceContents(session, latest)
    this.#snapshots.set(session, { ...snapshot, row, content, baseline: content })
  }

  /** The session as the row has it now; throws SessionGone. */
  async reload(sid: string, session: SessionData): Promise<void> {
    const row = await this.#table.read(sid)
    if (row === undefined) throw new SessionEnded()
    const content = JSON.parse(row.text)
    replaceContents(session, clone(content))
    this.#snapshots.set(session, { row, content, baseline: content, maxAge: maxAgeOf(session.cookie) })
  }

  /**
   * Moves `former`'s row to `next`'s id: with what this request changed, those fields alone that are to be `kept`, and
   * those that `assign` names, in one commit.
   */
  async rotateId(previous: Session, next: Session, options: RegenerateOptions): Promise<void> {
    const { assign = {}, absoluteMaxAge, mustBeLive = false } = options
    const keeps = keepsField(options)
    if (absoluteMaxAge !== undefined) this.#absoluteMaxAges.set(next, absoluteMaxAge)
    const snapshot = this.#snapshots.get(previous)
    const written = snapshot && (await this.#rotateId(previous, next, snapshot, options))
    if (written === undefined && mustBeLive) throw new SessionEnded()
    if (written !== undefined) {
      replaceContents(next, clone(written.content))
      this.#snapshots.set(next, { ...written, baseline: written.content, maxAge: maxAgeOf(next.cookie) })
      return
    }
    this.successors.replace(snapshot === undefined ? previous : previous.id, next, keeps)
    // Of a session that ended meanwhile nothing goes on: who was signed in there, and what they had, is not the next one's.
    replaceContents(next, { ...pickFields(snapshot === undefined ? previous : {}, keeps), ...assign })
  }

  async #rotateId(previous: Session, next: Session, snapshot: Snapshot, options: RegenerateOptions) {
    const ownChanges = diff(snapshot.baseline, previous, RESERVED_NAMES)
    let content: JsonObject = {}
    const transform = (current: JsonObject) => {
      const fields = {
        ...pickFields(applyPatch(current, ownChanges), keepsField(options)),
        ...options.assign,
      } as JsonObject
      content = toSerializable({ ...fields, cookie: cookieJson(next.cookie) })
      return content
    }
    const lifetime = this.#lifetime(next)
    const row = await this.#writer.underLock(transform, (lockedContent) =>
      this.#table.rotateId(previous.id, next.id, lockedContent, lifetime),
    )
    return row && { row, content }
  }

  async #insert(sid: string, session: SessionData): Promise<true> {
    await this.successors.takeOver(session)
    this.#insertAttempted.add(session)
    touchCookie(session)
    assertNoReservedNames(session, {})
    const content = toContent(session)
    const written = this.#writer.serialize(content)
    const lifetime = this.#lifetime(session)
    let version = await this.#table.insert(sid, written, lifetime)
    // An id that is taken is nobody's chance, but a caller that stores by id: what it says takes the place of what is there.
    version ??= (await this.#table.updateLocked(sid, () => ({ ...written, lifetime })))?.version
    if (version === undefined) throw new SessionEnded()
    const row = { text: written.text, version, idleExpiryMs: lifetime.idleMs, absoluteExpiryMs: lifetime.absoluteMs }
    this.#snapshots.set(session, { row, content, baseline: content, maxAge: maxAgeOf(session.cookie) })
    return true
  }

  async #touch(sid: string, session: SessionData, snapshot: Snapshot): Promise<boolean> {
    touchCookie(session)
    const lifetime = this.#lifetime(session)
    // One that fails has been reported, and the next request makes up for it: it must not cost this one its answer.
    const touched = await this.#table.touch(sid, lifetime, snapshot.row.version).catch(() => false)
    // Also where another is at it, or the session is gone: this request does not try again.
    this.#snapshots.set(session, { ...snapshot, row: { ...snapshot.row, idleExpiryMs: lifetime.idleMs } })
    return touched
  }

  /**
   * The cookie that this request writes: its own, unless another request gave the session another lifetime since this one
   * read it, and this one did not.
   */
  #withCookie(
    content: JsonObject,
    session: SessionData,
    snapshot: Snapshot,
    { touch, lifetimeChanged }: PendingWrite,
  ): JsonObject {
    const theirs = cookieOf(content)
    const isTheirs = theirs !== undefined && !lifetimeChanged && maxAgeOf(theirs) !== maxAgeOf(snapshot.content.cookie)
    if (!isTheirs) content.cookie = cookieJson(session.cookie)
    else if (touch) content.cookie = withExpires(theirs, new Date(Date.now() + lifetimeMsOf(content)))
    return content
  }

  #lifetime(session: SessionData, content: { readonly cookie?: unknown } = session): Lifetime {
    return { idleMs: lifetimeMsOf(content), absoluteMs: this.#absoluteMaxAges.get(session) ?? this.#absoluteMaxAge }
  }
}

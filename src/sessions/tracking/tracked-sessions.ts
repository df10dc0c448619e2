import type expressSession from 'express-session'
import type { SessionData } from 'express-session'
import { SessionEnded, SessionTooLarge } from '../errors.ts'
import type { Lifetime, SessionTable } from '../storage/session-table.ts'
import { applyPatch, clone, isObject, type JsonObject } from './diff.ts'
import { hasLifetimeChanged, lifetimeMsOf, maxAgeOf, touchCookie } from './expiry.ts'
import { OptimisticWriter, type WriterOptions } from './optimistic-write.ts'
import { keepsField, type RegenerateOptions } from './regenerate-options.ts'
import {
  assertNoReservedNames,
  cookieJson,
  pickFields,
  replaceContents,
  toContent,
  toSerializable,
} from './session-fields.ts'
import { ownChanges, type PendingWrite, pendingWriteOf, type Snapshot, withRowCookie } from './snapshot.ts'
import { Successors } from './successors.ts'

export type Session = expressSession.Session & SessionData

export interface TrackedSessionsOptions extends WriterOptions {
  /** Milliseconds after which a session ends whatever its activity. */
  readonly absoluteMaxAge: number
  /** Milliseconds that a session without a maxAge lives without activity. */
  readonly browserSessionMs: number
  /** So many live sessions an account may have. Default: any number. */
  readonly maxSessionsPerAccount?: number | undefined
}

/** So many times `maxBytes` was not written by us, and is too expensive to parse. */
const MAX_SIZE_FACTOR = 10
const MAX_TRIES = 2

/** The sessions of requests in progress, and how each is synchronised with its row. */
export class TrackedSessions {
  readonly successors: Successors
  readonly #table: SessionTable
  readonly #writer: OptimisticWriter
  readonly #absoluteMaxAge: number
  readonly #browserSessionMs: number
  readonly #accountIdOf: TrackedSessionsOptions['accountIdOf']
  readonly #maxSessionsPerAccount: number | undefined
  readonly #maxBytes: number
  readonly #snapshots = new WeakMap<object, Snapshot>()
  readonly #absoluteMaxAges = new WeakMap<object, number>()
  /** Sessions whose insert was tried, whatever its outcome. */
  readonly #insertAttempted = new WeakSet<object>()

  constructor(options: TrackedSessionsOptions) {
    this.#table = options.table
    this.#writer = new OptimisticWriter(options)
    this.successors = new Successors(options.table, this.#writer)
    this.#absoluteMaxAge = options.absoluteMaxAge
    this.#browserSessionMs = options.browserSessionMs
    this.#accountIdOf = options.accountIdOf
    this.#maxSessionsPerAccount = options.maxSessionsPerAccount
    this.#maxBytes = options.maxBytes
  }

  /** Undefined where there is no row. Throws for an unusable one (too large, no object). */
  async read(sid: string): Promise<SessionData | undefined> {
    const row = await this.#table.read(sid)
    if (row === undefined) return undefined
    if (row.text.length > MAX_SIZE_FACTOR * this.#maxBytes) throw new SessionTooLarge(row.text.length, this.#maxBytes)
    const data = JSON.parse(row.text)
    if (!isObject(data)) throw new TypeError('the row holds no JSON object')
    // A clone: to parse a second time costs three times as much.
    const content = clone(data)
    this.#snapshots.set(data, { sid, row, content, baseline: content, maxAge: maxAgeOf(data.cookie) })
    return data as unknown as SessionData
  }

  /** `session` was made of `data`: they share the snapshot. */
  alias(data: object, session: SessionData): void {
    const snapshot = this.#snapshots.get(data)
    if (snapshot !== undefined) this.#snapshots.set(session, { ...snapshot, maxAge: maxAgeOf(session.cookie) })
  }

  /** Whether the session has a row, as far as this request knows. */
  hasRow(session: object): boolean {
    return this.#snapshots.has(session)
  }

  /** As hasRow, but true also after an insert whose outcome is unknown. */
  mayHaveRow(session: object): boolean {
    return this.#snapshots.has(session) || this.#insertAttempted.has(session)
  }

  /**
   * Whether one session began after the other, by the ends that they were given. A row of stock has
   * none, so it counts as the older one.
   */
  beganAfter(session: object, other: object | undefined): boolean {
    const [end, otherEnd] = [session, other].map((each) => {
      const { absoluteExpiryMs = 0 } = (each && this.#snapshots.get(each)?.row) ?? {}
      return Number.isFinite(absoluteExpiryMs) ? absoluteExpiryMs : 0
    })
    return other === undefined || (end ?? 0) > (otherEnd ?? 0)
  }

  /** Undefined where there is nothing to write. Throws NotSerializable. */
  pendingWrite(session: SessionData, activity = true): PendingWrite | undefined {
    return pendingWriteOf(
      session,
      this.#snapshots.get(session),
      lifetimeMsOf(session, this.#browserSessionMs),
      activity,
    )
  }

  /**
   * Stores data under an id that the caller chose. Data that was read is written as in a request.
   * Other data replaces a live row, which is locked first: a concurrent end must be seen.
   */
  async storeById(sid: string, data: SessionData): Promise<void> {
    if (this.#snapshots.get(data)?.sid === sid) {
      const pending = this.pendingWrite(data)
      if (pending !== undefined) await this.commit(sid, data, pending)
      return
    }
    const serialized = this.#writer.serialize(toContent(data))
    const lifetime = this.#lifetime(data)
    const replaced = await this.#table.updateLocked(sid, () => ({ ...serialized, lifetime }))
    if (replaced === undefined) await this.#insert(sid, data)
    else await this.#limitAccount(sid, {}, toContent(data))
  }

  /** Returns whether the expiry moved. Throws SessionEnded. */
  async commit(sid: string, session: SessionData, write: PendingWrite): Promise<boolean> {
    const snapshot = this.#snapshots.get(session)
    if (snapshot === undefined) return this.#insert(sid, session)
    const { changes, touch, lifetimeChanged: mayShorten } = write
    if (changes.length === 0 && !mayShorten) return this.#touch(sid, session, snapshot)
    if (touch) touchCookie(session)
    const transform = (content: JsonObject) => withRowCookie(applyPatch(content, changes), session, snapshot, write)
    const lifetimeFor = touch
      ? (content: JsonObject) => ({ ...this.#lifetime(session, content), mayShorten })
      : undefined
    const written = await this.#writer.write({ sid, snapshot, transform, lifetimeFor, maxTries: MAX_TRIES })
    const maxAge = maxAgeOf(written.content.cookie)
    // If another request chose another lifetime, this one's cookie must not undo it in the browser.
    if (hasLifetimeChanged(maxAgeOf(session.cookie), maxAge)) session.cookie.maxAge = maxAge as number
    // Not the session as it is now: what the handler changed during the write is still unwritten.
    const baseline =
      snapshot.baseline === snapshot.content && written.hadNoConflict
        ? written.content
        : applyPatch(clone(snapshot.baseline), changes)
    this.#snapshots.set(session, { sid, ...written, baseline, maxAge })
    await this.#limitAccount(sid, snapshot.content, written.content)
    return touch
  }

  /** Applies `change` to the row's content; again after a conflict, so it must be synchronous. */
  async update(sid: string, session: SessionData, change: (draft: SessionData) => void): Promise<void> {
    const snapshot = this.#snapshots.get(session)
    if (snapshot === undefined) {
      change(session)
      await this.#insert(sid, session)
      return
    }
    const changes = ownChanges(session, snapshot)
    let latest: JsonObject = {}
    const transform = (content: JsonObject) => {
      latest = applyPatch(content, changes)
      const result: unknown = change(latest as unknown as SessionData)
      if (result instanceof Promise)
        throw new TypeError('session.update takes a function that is not async: it may run several times')
      return toSerializable(latest)
    }
    const { row, content } = await this.#writer.write({ sid, snapshot, transform, maxTries: 2 * MAX_TRIES })
    replaceContents(session, latest)
    this.#snapshots.set(session, { ...snapshot, row, content, baseline: content })
    await this.#limitAccount(sid, snapshot.content, content)
  }

  /** Discards this request's changes. Throws SessionEnded. */
  async reload(sid: string, session: SessionData): Promise<void> {
    const row = await this.#table.read(sid)
    if (row === undefined) throw new SessionEnded()
    const content = JSON.parse(row.text)
    replaceContents(session, clone(content))
    this.#snapshots.set(session, { sid, row, content, baseline: content, maxAge: maxAgeOf(session.cookie) })
  }

  /** Moves the row to the id of `next`, with its kept and assigned fields, in one commit. */
  async rotateId(previous: Session, next: Session, options: RegenerateOptions): Promise<void> {
    const { assign = {}, absoluteMaxAge, mustBeLive = false } = options
    const keeps = keepsField(options)
    if (absoluteMaxAge !== undefined) this.#absoluteMaxAges.set(next, absoluteMaxAge)
    const snapshot = this.#snapshots.get(previous)
    const rotated = snapshot && (await this.#rotateRow(previous, next, snapshot, options))
    if (rotated !== undefined) {
      replaceContents(next, clone(rotated.content))
      this.#snapshots.set(next, { sid: next.id, ...rotated, baseline: rotated.content, maxAge: maxAgeOf(next.cookie) })
      await this.#limitAccount(next.id, snapshot?.content ?? {}, rotated.content)
      return
    }
    if (mustBeLive) throw new SessionEnded()
    this.successors.replace(snapshot === undefined ? previous : previous.id, next, keeps)
    // Nothing of a session that ended meanwhile continues: the next user may be another person.
    replaceContents(next, { ...pickFields(snapshot === undefined ? previous : {}, keeps), ...assign })
  }

  async #rotateRow(previous: Session, next: Session, snapshot: Snapshot, options: RegenerateOptions) {
    const changes = ownChanges(previous, snapshot)
    let content: JsonObject = {}
    const transform = (current: JsonObject) => {
      const kept = pickFields(applyPatch(current, changes), keepsField(options))
      content = toSerializable({ ...kept, ...options.assign, cookie: cookieJson(next.cookie) } as JsonObject)
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
    const serialized = this.#writer.serialize(content)
    const lifetime = this.#lifetime(session)
    let version = await this.#table.insert(sid, serialized, lifetime)
    // Generated ids do not collide, so this is a `store.set()` at once with another: overwrite it.
    version ??= (await this.#table.updateLocked(sid, () => ({ ...serialized, lifetime })))?.version
    if (version === undefined) throw new SessionEnded()
    const { idleMs: idleExpiryMs, absoluteMs: absoluteExpiryMs } = lifetime
    const row = { text: serialized.text, version, idleExpiryMs, absoluteExpiryMs }
    this.#snapshots.set(session, { sid, row, content, baseline: content, maxAge: maxAgeOf(session.cookie) })
    await this.#limitAccount(sid, {}, content)
    return true
  }

  /** Once the session has its account: of several sign-ins at once the last one counts them all. */
  async #limitAccount(sid: string, before: JsonObject, now: JsonObject): Promise<void> {
    if (this.#maxSessionsPerAccount === undefined) return
    const accountId = this.#accountIdOf(now)
    if (typeof accountId !== 'string' || accountId === this.#accountIdOf(before)) return
    await this.#table.limitAccount(accountId, this.#maxSessionsPerAccount, sid)
  }

  async #touch(sid: string, session: SessionData, snapshot: Snapshot): Promise<boolean> {
    touchCookie(session)
    const lifetime = this.#lifetime(session)
    // A failed touch must not fail the request: the next request repeats it.
    const touched = await this.#table.touch(sid, lifetime, snapshot.row.version).catch(() => false)
    // Set also after a failure, so that this request does not try again.
    this.#snapshots.set(session, { ...snapshot, row: { ...snapshot.row, idleExpiryMs: lifetime.idleMs } })
    return touched
  }

  #lifetime(session: SessionData, content: { readonly cookie?: unknown } = session): Lifetime {
    return {
      idleMs: lifetimeMsOf(content, this.#browserSessionMs),
      absoluteMs: this.#absoluteMaxAges.get(session) ?? this.#absoluteMaxAge,
    }
  }
}

import type expressSession from 'express-session'
import type { SessionData } from 'express-session'
import { SessionGone, SessionTooLarge } from '../errors.ts'
import {
  checkNames,
  contentOf,
  cookieJson,
  cookieOf,
  fieldsWhere,
  movedCookie,
  RESERVED,
  refill,
  storable,
} from '../request/session-fields.ts'
import type { Life, Row, Table } from '../storage/session-table.ts'
import { apply, type Change, cloned, difference, isObject, type JsonObject } from './diff.ts'
import { isChosen, isDue, lifetimeOf, maxAgeOf, touch } from './expiry.ts'
import { Writes, type WritesOptions } from './optimistic-write.ts'
import { Successors } from './successors.ts'

export type Session = expressSession.Session & SessionData

export interface RecordsOptions extends WritesOptions {
  /** Milliseconds that a session lives at most, whatever its activity. */
  readonly absoluteMaxAge: number
}

/** What a request would write. */
export interface Pending {
  readonly changes: readonly Change[]
  readonly renew: boolean
  /** The application gave the session another lifetime. */
  readonly chosen: boolean
}

export interface Renaming {
  readonly kept: (name: string) => boolean
  /** Fields that are written together with the new id. */
  readonly assign?: Partial<SessionData>
  /** Milliseconds; default: the store's. */
  readonly absoluteMaxAge?: number
  /** Throws SessionGone where the session has ended; otherwise one begins anew, with nothing of it. */
  readonly live?: boolean
}

/** What is known of a session that has a row. Nobody else holds the two objects, and neither is changed. */
interface Known {
  /** The row as it was last seen. */
  readonly row: Row
  readonly content: JsonObject
  /** What of it this request has in its hands: the session when it and the row were last brought together. */
  readonly view: JsonObject
  /** The lifetime that the session's cookie had then. */
  readonly maxAge: unknown
}

/** For a session that has no row yet. */
export const NOTHING: Pending = { changes: [], renew: false, chosen: false }

/** A row that is so many times larger than a session may be is none. */
const UNREADABLE = 10
/** After so many tries that met another's change, the row is locked. */
const TRIES = 2

/** Sessions as requests hold them, and how each is brought together with its row. */
export class Records {
  readonly #table: Table
  readonly #writes: Writes
  readonly #absoluteMaxAge: number
  readonly #largest: number
  readonly #known = new WeakMap<object, Known>()
  readonly #absolute = new WeakMap<object, number>()
  /** Whose first row was asked for, whatever became of that. */
  readonly #tried = new WeakSet<object>()
  readonly successors: Successors

  constructor(options: RecordsOptions) {
    this.#table = options.table
    this.#writes = new Writes(options)
    this.successors = new Successors(options.table, this.#writes)
    this.#absoluteMaxAge = options.absoluteMaxAge
    this.#largest = options.largest
  }

  /** The row's content; undefined where there is none. Throws where it cannot be used: no object, nested too deeply, much too large. */
  async read(sid: string): Promise<SessionData | undefined> {
    const row = await this.#table.read(sid)
    if (row === undefined) return undefined
    // Nothing of ours wrote it, and parsing it at every request would cost more than all the rest.
    if (row.text.length > UNREADABLE * this.#largest) throw new SessionTooLarge(row.text.length, this.#largest)
    const data = JSON.parse(row.text)
    if (!isObject(data)) throw new TypeError('a session that is no JSON object')
    // Copied, since parsing a second time costs three times as much.
    const content = cloned(data)
    this.#known.set(data, { row, content, view: content, maxAge: maxAgeOf(data.cookie) })
    return data as unknown as SessionData
  }

  /** `session` is made of `data`: what is known of one holds for the other. */
  follow(data: object, session: SessionData): void {
    const known = this.#known.get(data)
    if (known !== undefined) this.#known.set(session, { ...known, maxAge: maxAgeOf(session.cookie) })
  }

  /** Whether it has a row, as far as this request knows. */
  has(session: object): boolean {
    return this.#known.has(session)
  }

  /** Whether it may have a row: one that was asked for, and not answered, too. */
  mayHave(session: object): boolean {
    return this.#known.has(session) || this.#tried.has(session)
  }

  /** What this request would write; undefined where that is nothing. Throws Unstorable. */
  pending(session: SessionData, activity = true): Pending | undefined {
    const known = this.#known.get(session)
    checkNames(session, known?.view ?? {})
    const changes = difference(known?.view ?? {}, session, RESERVED)
    const chosen = known !== undefined && isChosen(known.maxAge, maxAgeOf(session.cookie))
    const renew = chosen || (activity && known !== undefined && isDue(known.row, session))
    return changes.length > 0 || renew ? { changes, renew, chosen } : undefined
  }

  /** Writes it; whether the expiry moved. Throws SessionGone where the session has ended meanwhile. */
  async commit(sid: string, session: SessionData, pending: Pending): Promise<boolean> {
    const known = this.#known.get(session)
    if (known === undefined) return this.#insert(sid, session)
    const { changes, renew, chosen } = pending
    if (changes.length === 0 && !chosen) return this.#renew(sid, session, known)
    if (renew) touch(session)
    const make = (content: JsonObject) => this.#withCookie(apply(content, changes), session, known, pending)
    const lifeOf = renew ? (content: JsonObject) => ({ ...this.#life(session, content), chosen }) : undefined
    const written = await this.#writes.write({ sid, known, make, lifeOf, tries: TRIES })
    const maxAge = maxAgeOf(written.content.cookie)
    // Another request chose another lifetime meanwhile: this one's cookie must not undo it in the browser.
    if (isChosen(maxAgeOf(session.cookie), maxAge)) session.cookie.maxAge = maxAge as number
    // Not what the session holds by now: what was changed while this was on its way is still to be written.
    const view =
      known.view === known.content && written.untouched ? written.content : apply(cloned(known.view), changes)
    this.#known.set(session, { ...written, view, maxAge })
    return renew
  }

  /**
   * Applies `change` to the session as the row has it at that moment, with what this request changed before; again, where another request's change
   * came in between. `change` may therefore run several times, and must be synchronous.
   */
  async update(sid: string, session: SessionData, change: (draft: SessionData) => void): Promise<void> {
    const known = this.#known.get(session)
    if (known === undefined) {
      change(session)
      await this.#insert(sid, session)
      return
    }
    const own = difference(known.view, session, RESERVED)
    let latest: JsonObject = {}
    const make = (content: JsonObject) => {
      latest = apply(content, own)
      const result: unknown = change(latest as unknown as SessionData)
      if (result instanceof Promise)
        throw new TypeError('session.update takes a function that is not async: it may run several times')
      return storable(latest)
    }
    const { row, content } = await this.#writes.write({ sid, known, make, tries: 2 * TRIES })
    refill(session, latest)
    this.#known.set(session, { ...known, row, content, view: content })
  }

  /** The session as the row has it now; throws SessionGone. */
  async reload(sid: string, session: SessionData): Promise<void> {
    const row = await this.#table.read(sid)
    if (row === undefined) throw new SessionGone()
    const content = JSON.parse(row.text)
    refill(session, cloned(content))
    this.#known.set(session, { row, content, view: content, maxAge: maxAgeOf(session.cookie) })
  }

  /**
   * Moves `former`'s row to `next`'s id: with what this request changed, those fields alone that are to be `kept`, and
   * those that `assign` names, in one commit.
   */
  async rename(former: Session, next: Session, renaming: Renaming): Promise<void> {
    const { kept, assign = {}, absoluteMaxAge, live = false } = renaming
    if (absoluteMaxAge !== undefined) this.#absolute.set(next, absoluteMaxAge)
    const known = this.#known.get(former)
    const written = known && (await this.#rename(former, next, known, renaming))
    if (written === undefined && live) throw new SessionGone()
    if (written !== undefined) {
      refill(next, cloned(written.content))
      this.#known.set(next, { ...written, view: written.content, maxAge: maxAgeOf(next.cookie) })
      return
    }
    this.successors.replace(known === undefined ? former : former.id, next, kept)
    // Of a session that ended meanwhile nothing goes on: who was signed in there, and what they had, is not the next one's.
    refill(next, { ...fieldsWhere(known === undefined ? former : {}, kept), ...assign })
  }

  async #rename(former: Session, next: Session, known: Known, { kept, assign }: Renaming) {
    const own = difference(known.view, former, RESERVED)
    let content: JsonObject = {}
    const make = (current: JsonObject) => {
      const fields = { ...fieldsWhere(apply(current, own), kept), ...assign } as JsonObject
      content = storable({ ...fields, cookie: cookieJson(next.cookie) })
      return content
    }
    const life = this.#life(next)
    const row = await this.#writes.underLock(make, (made) => this.#table.rename(former.id, next.id, made, life))
    return row && { row, content }
  }

  async #insert(sid: string, session: SessionData): Promise<true> {
    await this.successors.takeOver(session)
    this.#tried.add(session)
    touch(session)
    checkNames(session, {})
    const content = contentOf(session)
    const written = this.#writes.contentOf(content)
    const life = this.#life(session)
    let version = await this.#table.insert(sid, written, life)
    // An id that is taken is nobody's chance, but a caller that stores by id: what it says takes the place of what is there.
    version ??= (await this.#table.change(sid, () => ({ ...written, life })))?.version
    if (version === undefined) throw new SessionGone()
    const row = { text: written.text, version, remaining: life.idle, ends: life.absolute }
    this.#known.set(session, { row, content, view: content, maxAge: maxAgeOf(session.cookie) })
    return true
  }

  async #renew(sid: string, session: SessionData, known: Known): Promise<boolean> {
    touch(session)
    const life = this.#life(session)
    // One that fails has been reported, and the next request makes up for it: it must not cost this one its answer.
    const renewed = await this.#table.renew(sid, life, known.row.version).catch(() => false)
    // Also where another is at it, or the session is gone: this request does not try again.
    this.#known.set(session, { ...known, row: { ...known.row, remaining: life.idle } })
    return renewed
  }

  /**
   * The cookie that this request writes: its own, unless another request gave the session another lifetime since this one
   * read it, and this one did not.
   */
  #withCookie(content: JsonObject, session: SessionData, known: Known, { renew, chosen }: Pending): JsonObject {
    const theirs = cookieOf(content)
    const isTheirs = theirs !== undefined && !chosen && maxAgeOf(theirs) !== maxAgeOf(known.content.cookie)
    if (!isTheirs) content.cookie = cookieJson(session.cookie)
    else if (renew) content.cookie = movedCookie(theirs, new Date(Date.now() + lifetimeOf(content)))
    return content
  }

  #life(session: SessionData, content: { readonly cookie?: unknown } = session): Life {
    return { idle: lifetimeOf(content), absolute: this.#absolute.get(session) ?? this.#absoluteMaxAge }
  }
}

import type expressSession from 'express-session'
import type { SessionData } from 'express-session'
import { apply, type Change, cloned, difference, isObject, type JsonObject } from './changes.ts'
import { SessionGone } from './errors.ts'
import { isDue, lifetimeOf, touch } from './lifetime.ts'
import type { Life, Row, Table } from './table.ts'
import { Writes, type WritesOptions } from './writes.ts'

export type Session = expressSession.Session & SessionData

export interface RecordsOptions extends WritesOptions {
  /** Milliseconds that a session lives at most, whatever its activity. */
  readonly absoluteMaxAge: number
}

/** What a request would write. */
export interface Pending {
  readonly changes: readonly Change[]
  readonly renew: boolean
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
}

/** After so many tries that met another's change, the row is locked. */
const TRIES = 2

/** Sessions as requests hold them, and how each is brought together with its row. */
export class Records {
  readonly #table: Table
  readonly #writes: Writes
  readonly #absoluteMaxAge: number
  readonly #known = new WeakMap<object, Known>()
  readonly #absolute = new WeakMap<object, number>()
  /** The id that a session without a row takes the place of, and which fields of that id's successor it may have. */
  readonly #replaced = new WeakMap<object, { readonly sid: string; readonly kept?: (name: string) => boolean }>()

  constructor(options: RecordsOptions) {
    this.#table = options.table
    this.#writes = new Writes(options)
    this.#absoluteMaxAge = options.absoluteMaxAge
  }

  /** The row's content; undefined where there is none. Throws where it is no object, which is no session of anybody's. */
  async read(sid: string): Promise<SessionData | undefined> {
    const row = await this.#table.read(sid)
    if (row === undefined) return undefined
    const data = JSON.parse(row.text)
    if (!isObject(data)) throw new TypeError('a session that is no JSON object')
    // Copied, since parsing a second time costs three times as much.
    const content = cloned(data)
    this.#known.set(data, { row, content, view: content })
    return data as unknown as SessionData
  }

  /** `session` is made of `data`: what is known of one holds for the other. */
  follow(data: object, session: object): void {
    const known = this.#known.get(data)
    if (known !== undefined) this.#known.set(session, known)
  }

  /** Whether it has a row, as far as this request knows. */
  has(session: object): boolean {
    return this.#known.has(session)
  }

  /** What this request would write; undefined where that is nothing. Throws Unstorable. */
  pending(session: SessionData, activity = true): Pending | undefined {
    const known = this.#known.get(session)
    const changes = difference(known?.view ?? {}, session, 'cookie')
    const renew = activity && known !== undefined && isDue(known.row, session)
    return changes.length > 0 || renew ? { changes, renew } : undefined
  }

  /** Writes it; whether the expiry moved. Throws SessionGone where the session has ended meanwhile. */
  async commit(sid: string, session: SessionData, pending: Pending): Promise<boolean> {
    const known = this.#known.get(session)
    if (known === undefined) return this.#insert(sid, session)
    if (pending.changes.length === 0) return this.#renew(sid, session, known)
    const { changes, renew } = pending
    if (renew) touch(session)
    const life = renew ? this.#life(session) : undefined
    const make = (content: JsonObject) => apply(content, changes)
    const written = await this.#writes.write({ sid, session, known, make, life, tries: TRIES })
    // Not what the session holds by now: what was changed while this was on its way is still to be written.
    const view =
      known.view === known.content && written.untouched ? written.content : apply(cloned(known.view), changes)
    this.#known.set(session, { ...written, view })
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
    const own = difference(known.view, session, 'cookie')
    let latest: JsonObject = {}
    const make = (content: JsonObject) => {
      latest = apply(content, own)
      const result: unknown = change(latest as unknown as SessionData)
      if (result instanceof Promise)
        throw new TypeError('session.update takes a function that is not async: it may run several times')
      return storable(latest)
    }
    const { row, content } = await this.#writes.write({ sid, session, known, make, life: undefined, tries: 2 * TRIES })
    refill(session, latest)
    this.#known.set(session, { row, content, view: content })
  }

  /** The session as the row has it now; throws SessionGone. */
  async reload(sid: string, session: SessionData): Promise<void> {
    const row = await this.#table.read(sid)
    if (row === undefined) throw new SessionGone()
    const content = JSON.parse(row.text)
    refill(session, cloned(content))
    this.#known.set(session, { row, content, view: content })
  }

  /** `session` takes the place of an id that came with the request and has no row. */
  replace(sid: string, session: object): void {
    this.#replaced.set(session, { sid })
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
      this.#known.set(next, { ...written, view: written.content })
      return
    }
    const replaced = known === undefined ? this.#replaced.get(former)?.sid : former.id
    if (replaced !== undefined) this.#replaced.set(next, { sid: replaced, kept })
    // Of a session that ended meanwhile nothing goes on: who was signed in there, and what they had, is not the next one's.
    refill(next, { ...chosen(known === undefined ? former : {}, kept), ...assign })
  }

  async #rename(former: Session, next: Session, known: Known, { kept, assign }: Renaming) {
    const own = difference(known.view, former, 'cookie')
    let content: JsonObject = {}
    const make = (current: JsonObject) => {
      content = storable({ ...chosen(apply(current, own), kept), ...assign })
      return content
    }
    const life = this.#life(next)
    const row = await this.#writes.underLock(next, make, (made) => this.#table.rename(former.id, next.id, made, life))
    return row && { row, content }
  }

  /**
   * A sign-in that was doubled, or whose answer was lost, comes with an id that the first one renamed. It gets what the
   * first one's session keeps, if that belongs to the same account: an id alone opens nothing.
   */
  async #takeOver(session: SessionData): Promise<void> {
    const { sid, kept } = this.#replaced.get(session) ?? {}
    if (sid === undefined || kept === undefined) return
    const { account } = this.#writes.contentOf(session, storable({ ...session }))
    if (account === null) return
    const text = await this.#table.successor(sid, account)
    const theirs = text === undefined ? {} : (JSON.parse(text) as JsonObject)
    refill(session, { ...chosen(theirs, kept), ...session })
  }

  async #insert(sid: string, session: SessionData): Promise<true> {
    if (this.#replaced.has(session)) await this.#takeOver(session)
    touch(session)
    const content = storable({ ...session })
    const written = this.#writes.contentOf(session, content)
    const life = this.#life(session)
    let version = await this.#table.insert(sid, written, life)
    // An id that is taken is nobody's chance, but a caller that stores by id: what it says takes the place of what is there.
    version ??= (await this.#table.change(sid, () => written, life))?.version
    if (version === undefined) throw new SessionGone()
    const row = { text: written.text, version, remaining: life.idle, ends: life.absolute }
    this.#known.set(session, { row, content, view: content })
    return true
  }

  async #renew(sid: string, session: SessionData, known: Known): Promise<boolean> {
    touch(session)
    const life = this.#life(session)
    // One that fails has been reported, and the next request makes up for it: it must not cost this one its answer.
    const renewed = await this.#table.renew(sid, life).catch(() => false)
    // Also where another is at it, or the session is gone: this request does not try again.
    this.#known.set(session, { ...known, row: { ...known.row, remaining: life.idle } })
    return renewed
  }

  #life(session: SessionData): Life {
    return { idle: lifetimeOf(session), absolute: this.#absolute.get(session) ?? this.#absoluteMaxAge }
  }
}

function chosen(content: object, kept: (name: string) => boolean): object {
  return Object.fromEntries(Object.entries(content).filter(([name]) => name !== 'cookie' && kept(name)))
}

function storable(content: object): JsonObject {
  return apply({}, difference({}, content, 'cookie'))
}

/** In place: whoever holds the session holds what is in it now. */
function refill(session: SessionData, content: object): void {
  const held = session as unknown as Record<string, unknown>
  for (const name of Object.keys(held)) if (name !== 'cookie') delete held[name]
  for (const [name, value] of Object.entries(content)) if (name !== 'cookie') held[name] = value
}

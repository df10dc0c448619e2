import type expressSession from 'express-session'
import type { SessionData } from 'express-session'
import { apply, type Change, difference, isObject, type JsonObject } from './changes.ts'
import { SessionGone, SessionTooLarge } from './errors.ts'
import { isDue, lifetimeOf, renewed, touch } from './lifetime.ts'
import type { Content, Life, Row, Table } from './table.ts'

export type Session = expressSession.Session & SessionData

export interface RecordsOptions {
  readonly table: Table
  /** Milliseconds that a session lives at most, whatever its activity. */
  readonly absoluteMaxAge: number
  /** Bytes of JSON that a session may hold. */
  readonly largest: number
  /** Whose session it is, so that all of an account's can be ended. */
  readonly accountOf: (session: JsonObject) => unknown
}

/** What a request would write. */
export interface Pending {
  readonly changes: readonly Change[]
  readonly renew: boolean
}

export interface Renaming {
  readonly kept: (name: string) => boolean
  /** Milliseconds; default: the store's. */
  readonly absoluteMaxAge?: number
  /** Throws SessionGone where the session has ended; otherwise one begins anew, with nothing of it. */
  readonly live?: boolean
}

/** What is known of a session that has a row. */
interface Known {
  /** The row as it was last seen. */
  readonly row: Row
  /** What of it this request has in its hands: JSON of the session when it and the row were last brought together. */
  readonly view: string
}

/** After so many tries that met another's change, the row is locked. */
const TRIES = 2

/** Sessions as requests hold them, and how each is brought together with its row. */
export class Records {
  readonly #options: RecordsOptions
  readonly #table: Table
  readonly #known = new WeakMap<object, Known>()
  readonly #absolute = new WeakMap<object, number>()

  constructor(options: RecordsOptions) {
    this.#options = options
    this.#table = options.table
  }

  /** The row's content; undefined where there is none. Throws where it is no object, which is no session of anybody's. */
  async read(sid: string): Promise<SessionData | undefined> {
    const row = await this.#table.read(sid)
    if (row === undefined) return undefined
    const data = JSON.parse(row.text)
    if (!isObject(data)) throw new TypeError('a session that is no JSON object')
    this.#known.set(data, { row, view: row.text })
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
    const changes = difference(known === undefined ? {} : JSON.parse(known.view), session, 'cookie')
    const renew = activity && known !== undefined && isDue(known.row, session)
    return changes.length > 0 || renew ? { changes, renew } : undefined
  }

  /** Writes it; whether the expiry moved. Throws SessionGone where the session has ended meanwhile. */
  async commit(sid: string, session: SessionData, pending: Pending): Promise<boolean> {
    const known = this.#known.get(session)
    if (known === undefined) return this.#insert(sid, session)
    if (pending.changes.length === 0) return this.#renew(sid, session, known)
    await this.#write(sid, session, known, pending.renew, TRIES, (content) => apply(content, pending.changes))
    return pending.renew
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
    const own = difference(JSON.parse(known.view), session, 'cookie')
    let latest: JsonObject = {}
    await this.#write(sid, session, known, false, 2 * TRIES, (content) => {
      latest = apply(content, own)
      const result: unknown = change(latest as unknown as SessionData)
      if (result instanceof Promise)
        throw new TypeError('session.update takes a function that is not async: it may run several times')
      return storable(latest)
    })
    refill(session, latest)
    this.#remember(session, (this.#known.get(session) ?? known).row)
  }

  /** The session as the row has it now; throws SessionGone. */
  async reload(sid: string, session: SessionData): Promise<void> {
    const row = await this.#table.read(sid)
    if (row === undefined) throw new SessionGone()
    refill(session, JSON.parse(row.text))
    this.#remember(session, row)
  }

  /** Moves `former`'s row to `next`'s id, in one step, with everything in it; `next` is given those fields that are to be `kept`. */
  async rename(former: Session, next: Session, { kept, absoluteMaxAge, live = false }: Renaming): Promise<void> {
    if (absoluteMaxAge !== undefined) this.#absolute.set(next, absoluteMaxAge)
    const known = this.#known.get(former)
    const own = known && difference(JSON.parse(known.view), former, 'cookie')
    const row = known && (await this.#table.rename(former.id, next.id, this.#life(next)))
    if (row === undefined && live) throw new SessionGone()
    if (row !== undefined) this.#known.set(next, { row, view: row.text })
    // Of a session that ended meanwhile nothing goes on: who was signed in there, and what they had, is not the next one's.
    const ended = known !== undefined && row === undefined
    const content =
      row === undefined || own === undefined ? { ...(ended ? {} : former) } : apply(JSON.parse(row.text), own)
    for (const [name, value] of Object.entries(content))
      if (name !== 'cookie' && kept(name)) Object.assign(next, { [name]: value })
  }

  async #insert(sid: string, session: SessionData): Promise<true> {
    touch(session)
    const content = this.#content(session, storable({ ...session }))
    const life = this.#life(session)
    const version = await this.#table.insert(sid, content, life)
    // An id that is taken is nobody's chance, but a caller that stores by id: what it says takes the place of what is there.
    if (version === undefined) await this.#overwrite(sid, session)
    else this.#remember(session, { text: content.text, version, remaining: life.idle, ends: life.absolute })
    return true
  }

  async #overwrite(sid: string, session: SessionData): Promise<void> {
    const content = this.#content(session, storable({ ...session }))
    const changed = await this.#table.change(sid, () => content, this.#life(session))
    if (changed === undefined) throw new SessionGone()
    const row = await this.#table.read(sid)
    if (row !== undefined) this.#remember(session, row)
  }

  async #renew(sid: string, session: SessionData, known: Known): Promise<boolean> {
    touch(session)
    const life = this.#life(session)
    const renewed = await this.#table.renew(sid, life)
    // Also where another is at it, or the session is gone: this request does not try again.
    this.#known.set(session, { ...known, row: { ...known.row, remaining: life.idle } })
    return renewed
  }

  async #write(
    sid: string,
    session: SessionData,
    { row: seen }: Known,
    renew: boolean,
    tries: number,
    make: (content: JsonObject) => JsonObject,
  ): Promise<void> {
    if (renew) touch(session)
    const life = renew ? this.#life(session) : undefined
    const contentFor = ({ text }: Row) => this.#content(session, make(JSON.parse(text)))
    let row = seen
    for (let tried = 0; tried < tries; tried++) {
      const content = contentFor(row)
      const version = await this.#table.update(sid, row.version, content, life)
      if (version !== undefined) return this.#remember(session, renewed({ ...row, ...content, version }, life))
      const now = await this.#table.read(sid)
      if (now === undefined) throw new SessionGone()
      row = now
    }
    const changed = await this.#table.change(sid, contentFor, life)
    if (changed === undefined) throw new SessionGone()
    this.#remember(session, renewed({ ...row, text: changed.content.text, version: changed.version }, life))
  }

  #remember(session: SessionData, row: Row): void {
    this.#known.set(session, { row, view: JSON.stringify(session) })
  }

  #content({ cookie }: SessionData, content: JsonObject): Content {
    const { cookie: _, ...rest } = content
    const text = JSON.stringify({ cookie, ...rest })
    const bytes = Buffer.byteLength(text)
    if (bytes > this.#options.largest) throw new SessionTooLarge(bytes, this.#options.largest)
    const account = this.#options.accountOf(rest)
    return { text, account: typeof account === 'string' ? account : null }
  }

  #life(session: SessionData): Life {
    return { idle: lifetimeOf(session), absolute: this.#absolute.get(session) ?? this.#options.absoluteMaxAge }
  }
}

function storable(content: object): JsonObject {
  return apply({}, difference({}, content, 'cookie'))
}

/** In place: whoever holds the session holds what is in it now. */
function refill(session: SessionData, content: JsonObject): void {
  const held = session as unknown as Record<string, unknown>
  for (const name of Object.keys(held)) if (name !== 'cookie') delete held[name]
  for (const [name, value] of Object.entries(content)) if (name !== 'cookie') held[name] = value
}

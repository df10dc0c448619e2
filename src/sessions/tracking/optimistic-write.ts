import { SessionGone, SessionTooLarge, StoreUnavailable } from '../errors.ts'
import { DEADLINE, within } from '../storage/deadline.ts'
import type { Content, Life, Row, Table } from '../storage/session-table.ts'
import { cloned, type JsonObject } from './diff.ts'
import { renewed } from './expiry.ts'

export interface WritesOptions {
  readonly table: Table
  /** Bytes of JSON that a session may hold. */
  readonly largest: number
  /** Whose session it is, so that all of an account's can be ended. */
  readonly accountOf: (session: JsonObject) => unknown
}

export interface Write {
  readonly sid: string
  /** The row as it was last seen, and what it holds. */
  readonly known: { readonly row: Row; readonly content: JsonObject }
  /** The content to be written, made of what the row holds; it may change what it is given, and runs again where another request's change came in between. */
  readonly make: (content: JsonObject) => JsonObject
  /** The expiry moves as well, by the lifetime that this content's cookie says. */
  readonly lifeOf?: ((content: JsonObject) => Life) | undefined
  /** After so many tries that met another's change, the row is locked. */
  readonly tries: number
}

export interface Written {
  readonly row: Row
  readonly content: JsonObject
  /** Nobody else had changed the row since it was seen. */
  readonly untouched: boolean
}

/** How a session's content gets into its row. */
export class Writes {
  readonly #options: WritesOptions

  constructor(options: WritesOptions) {
    this.#options = options
  }

  /** On top of the row as it is at that moment; throws SessionGone, SessionTooLarge, StoreUnavailable where all of it together takes longer than the deadline. */
  write(write: Write): Promise<Written> {
    const last = performance.now() + DEADLINE
    return within(DEADLINE, this.#write(write, last))
  }

  async #write({ sid, known, make, lifeOf, tries }: Write, last: number): Promise<Written> {
    const { table } = this.#options
    let { row } = known
    let content = make(cloned(known.content))
    for (let tried = 1; tried <= tries; tried++) {
      const next = this.contentOf(content)
      const life = lifeOf?.(content)
      const version = await table.update(sid, row.version, next, life)
      if (version !== undefined)
        return { row: renewed({ ...row, text: next.text, version }, life), content, untouched: tried === 1 }
      // Whoever waited was told long ago that it failed: it must not happen now.
      if (performance.now() > last) throw new StoreUnavailable(new Error('out of time'))
      const now = await table.read(sid)
      if (now === undefined) throw new SessionGone()
      // The same row: somebody holds it, and only under the lock can one wait for that.
      const isHeld = now.version === row.version
      row = now
      if (isHeld) break
      if (tried < tries) content = make(JSON.parse(row.text))
    }
    const remake = (current: JsonObject) => {
      content = make(current)
      return content
    }
    const changed = await this.underLock(remake, (made) =>
      table.change(sid, (locked) => ({ ...made(locked), life: lifeOf?.(content) })),
    )
    if (changed === undefined) throw new SessionGone()
    const life = lifeOf?.(content)
    const { version } = changed
    return { row: renewed({ ...row, text: changed.content.text, version }, life), content, untouched: false }
  }

  /** Runs `work`, which is given what makes the content of a locked row. What `make` refuses is no fault of the table's. */
  async underLock<Result>(
    make: (content: JsonObject) => JsonObject,
    work: (made: (row: Row) => Content) => Promise<Result>,
  ): Promise<Result> {
    let fault: unknown
    const made = ({ text }: Row) => {
      try {
        return this.contentOf(make(JSON.parse(text)))
      } catch (error) {
        fault = error
        throw error
      }
    }
    return await work(made).catch((error) => Promise.reject(fault ?? error))
  }

  /** What is written for this content; throws SessionTooLarge. */
  contentOf({ cookie = {}, ...rest }: JsonObject): Content {
    const text = JSON.stringify({ cookie, ...rest })
    const bytes = Buffer.byteLength(text)
    if (bytes > this.#options.largest) throw new SessionTooLarge(bytes, this.#options.largest)
    const account = this.#options.accountOf(rest)
    return { text, account: typeof account === 'string' ? account : null }
  }
}

import type { SessionData } from 'express-session'
import { fieldsOf, pickFields, replaceContents, toContent } from '../request/session-fields.ts'
import type { SessionTable } from '../storage/session-table.ts'
import type { JsonObject } from './diff.ts'
import type { OptimisticWriter } from './optimistic-write.ts'

type Kept = (name: string) => boolean

/**
 * A sign-in that was doubled, or whose answer was lost, comes with an id that the first one renamed. Its session takes over
 * what the first one's session keeps, if that belongs to the same account: an id alone opens nothing.
 */
export class Successors {
  readonly #table: SessionTable
  readonly #writes: OptimisticWriter
  /** The id that a session without a row takes the place of, and which fields of that id's successor it may have. */
  readonly #replaced = new WeakMap<object, { readonly sid: string; readonly kept?: Kept }>()

  constructor(table: SessionTable, writes: OptimisticWriter) {
    this.#table = table
    this.#writes = writes
  }

  /** `session` takes the place of an id that came with the request and has no row; or of what `former` takes the place of. */
  replace(former: string | object, session: object, kept?: Kept): void {
    const sid = typeof former === 'string' ? former : this.#replaced.get(former)?.sid
    if (sid !== undefined) this.#replaced.set(session, { sid, ...(kept && { kept }) })
  }

  /** Before a session gets its first row. */
  async takeOver(session: SessionData): Promise<void> {
    const { sid, kept } = this.#replaced.get(session) ?? {}
    if (sid === undefined || kept === undefined) return
    const { accountId: account } = this.#writes.serialize(toContent(session))
    if (account === null) return
    const text = await this.#table.successor(sid, account)
    const theirs = text === undefined ? {} : (JSON.parse(text) as JsonObject)
    replaceContents(session, { ...pickFields(theirs, kept), ...fieldsOf(session) })
  }
}

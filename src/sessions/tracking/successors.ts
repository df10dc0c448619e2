import type { SessionData } from 'express-session'
import type { SessionTable } from '../storage/session-table.ts'
import type { JsonObject } from './diff.ts'
import type { OptimisticWriter } from './optimistic-write.ts'
import { fieldsOf, pickFields, replaceContents, toContent } from './session-fields.ts'

type Keeps = (name: string) => boolean

/**
 * A repeated sign-in, after a double click or a lost response, arrives with a sid that the first
 * one rotated. Its session takes over the kept fields of the first one's session, the successor.
 * Both must belong to the same account: a sid alone opens nothing.
 */
export class Successors {
  readonly #table: SessionTable
  readonly #writer: OptimisticWriter
  /** By session without a row: the sid that it replaces, and which fields it takes over. */
  readonly #replaced = new WeakMap<object, { readonly sid: string; readonly keeps?: Keeps }>()

  constructor(table: SessionTable, writer: OptimisticWriter) {
    this.#table = table
    this.#writer = writer
  }

  /** `session` replaces the request's sid, which has no row, or that of `previous`. */
  replace(previous: string | object, session: object, keeps?: Keeps): void {
    const sid = typeof previous === 'string' ? previous : this.#replaced.get(previous)?.sid
    if (sid !== undefined) this.#replaced.set(session, { sid, ...(keeps && { keeps }) })
  }

  /** Runs before a session gets its first row. */
  async takeOver(session: SessionData): Promise<void> {
    const { sid, keeps } = this.#replaced.get(session) ?? {}
    if (sid === undefined || keeps === undefined) return
    const { accountId } = this.#writer.serialize(toContent(session))
    if (accountId === null) return
    const text = await this.#table.successor(sid, accountId)
    const theirs = text === undefined ? {} : (JSON.parse(text) as JsonObject)
    replaceContents(session, { ...pickFields(theirs, keeps), ...fieldsOf(session) })
  }
}

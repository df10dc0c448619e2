import { SessionEnded, SessionTooLarge, StoreUnavailable } from '../errors.ts'
import { DEADLINE_MS, withTimeout } from '../storage/deadline.ts'
import type { Content, Lifetime, Row, SessionTable } from '../storage/session-table.ts'
import { clone, type JsonObject } from './diff.ts'
import { afterTouch } from './expiry.ts'

export interface WriterOptions {
  readonly table: SessionTable
  /** Bytes of JSON that a session may hold. */
  readonly maxBytes: number
  /** Whose session it is, so that all of an account's can be ended. */
  readonly accountIdOf: (session: JsonObject) => unknown
}

export interface WriteRequest {
  readonly sid: string
  /** The row as it was last seen, and what it holds. */
  readonly snapshot: { readonly row: Row; readonly content: JsonObject }
  /** The content to be written, made of what the row holds; it may change what it is given, and runs again where another request's change came in between. */
  readonly transform: (content: JsonObject) => JsonObject
  /** The expiry moves as well, by the lifetime that this content's cookie says. */
  readonly lifetimeFor?: ((content: JsonObject) => Lifetime) | undefined
  /** After so many tries that met another's change, the row is locked. */
  readonly maxTries: number
}

export interface WriteResult {
  readonly row: Row
  readonly content: JsonObject
  /** Nobody else had changed the row since it was seen. */
  readonly hadNoConflict: boolean
}

/** How a session's content gets into its row. */
export class OptimisticWriter {
  readonly #options: WriterOptions

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** On top of the row as it is at that moment; throws SessionGone, SessionTooLarge, StoreUnavailable where all of it together takes longer than the deadline. */
  write(write: WriteRequest): Promise<WriteResult> {
    const deadline = performance.now() + DEADLINE_MS
    return withTimeout(DEADLINE_MS, this.#write(write, deadline))
  }

  async #write(
    { sid, snapshot, transform, lifetimeFor, maxTries }: WriteRequest,
    deadline: number,
  ): Promise<WriteResult> {
    const { table } = this.#options
    let { row } = snapshot
    let content = transform(clone(snapshot.content))
    for (let attempt = 1; attempt <= maxTries; attempt++) {
      const next = this.serialize(content)
      const lifetime = lifetimeFor?.(content)
      const version = await table.update(sid, row.version, next, lifetime)
      if (version !== undefined)
        return {
          row: afterTouch({ ...row, text: next.text, version }, lifetime),
          content,
          hadNoConflict: attempt === 1,
        }
      // Whoever waited was told long ago that it failed: it must not happen now.
      if (performance.now() > deadline) throw new StoreUnavailable(new Error('out of time'))
      const latest = await table.read(sid)
      if (latest === undefined) throw new SessionEnded()
      // The same row: somebody holds it, and only under the lock can one wait for that.
      const isLocked = latest.version === row.version
      row = latest
      if (isLocked) break
      if (attempt < maxTries) content = transform(JSON.parse(row.text))
    }
    const transformLocked = (current: JsonObject) => {
      content = transform(current)
      return content
    }
    const changed = await this.underLock(transformLocked, (lockedContent) =>
      table.updateLocked(sid, (locked) => ({ ...lockedContent(locked), lifetime: lifetimeFor?.(content) })),
    )
    if (changed === undefined) throw new SessionEnded()
    const lifetime = lifetimeFor?.(content)
    const { version } = changed
    return { row: afterTouch({ ...row, text: changed.content.text, version }, lifetime), content, hadNoConflict: false }
  }

  /** Runs `work`, which is given what makes the content of a locked row. What `make` refuses is no fault of the table's. */
  async underLock<Result>(
    transform: (content: JsonObject) => JsonObject,
    work: (lockedContent: (row: Row) => Content) => Promise<Result>,
  ): Promise<Result> {
    let fault: unknown
    const lockedContent = ({ text }: Row) => {
      try {
        return this.serialize(transform(JSON.parse(text)))
      } catch (error) {
        fault = error
        throw error
      }
    }
    return await work(lockedContent).catch((error) => Promise.reject(fault ?? error))
  }

  /** What is written for this content; throws SessionTooLarge. */
  serialize({ cookie = {}, ...rest }: JsonObject): Content {
    const text = JSON.stringify({ cookie, ...rest })
    const bytes = Buffer.byteLength(text)
    if (bytes > this.#options.maxBytes) throw new SessionTooLarge(bytes, this.#options.maxBytes)
    const account = this.#options.accountIdOf(rest)
    return { text, accountId: typeof account === 'string' ? account : null }
  }
}

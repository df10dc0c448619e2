import { SessionEnded, SessionTooLarge, StoreUnavailable } from '../errors.ts'
import { DEADLINE_MS, withTimeout } from '../storage/deadline.ts'
import type { Content, Lifetime, Row, SessionTable } from '../storage/session-table.ts'
import { clone, type JsonObject } from './diff.ts'
import { afterTouch } from './expiry.ts'

export interface WriterOptions {
  readonly table: SessionTable
  /** Bytes of JSON that a session may hold. */
  readonly maxBytes: number
  /** The account that the session belongs to. Anything but a string: none. */
  readonly accountIdOf: (session: JsonObject) => unknown
}

export interface WriteRequest {
  readonly sid: string
  /** The row as this request knows it. */
  readonly snapshot: { readonly row: Row; readonly content: JsonObject }
  /** From the row's content, which it may change. Runs again after a conflict. */
  readonly transform: (content: JsonObject) => JsonObject
  /** If given, the expiry moves, too. */
  readonly lifetimeFor?: ((content: JsonObject) => Lifetime) | undefined
  /** After so many conflicts the write takes the row's lock. */
  readonly maxTries: number
}

export interface WriteResult {
  readonly row: Row
  readonly content: JsonObject
  /** The row still had the version of the snapshot. */
  readonly hadNoConflict: boolean
}

/** Writes with optimistic locking, and after conflicts under the row's lock. */
export class OptimisticWriter {
  readonly #options: WriterOptions

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Throws SessionEnded, SessionTooLarge, or StoreUnavailable after the deadline. */
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
      // The caller has already got the timeout error, so the write must not happen any more.
      if (performance.now() > deadline) throw new StoreUnavailable(new Error('the deadline has passed'))
      const latest = await table.read(sid)
      if (latest === undefined) throw new SessionEnded()
      // Same version, so another transaction holds the lock. Only updateLocked waits for it.
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

  /** Passes on an error of `transform` as it is: the table would report it as its own. */
  async underLock<Result>(
    transform: (content: JsonObject) => JsonObject,
    work: (lockedContent: (row: Row) => Content) => Promise<Result>,
  ): Promise<Result> {
    let transformError: unknown
    const lockedContent = ({ text }: Row) => {
      try {
        return this.serialize(transform(JSON.parse(text)))
      } catch (error) {
        transformError = error
        throw error
      }
    }
    return await work(lockedContent).catch((error) => Promise.reject(transformError ?? error))
  }

  /** Throws SessionTooLarge. */
  serialize({ cookie = {}, ...rest }: JsonObject): Content {
    const text = JSON.stringify({ cookie, ...rest })
    const bytes = Buffer.byteLength(text)
    if (bytes > this.#options.maxBytes) throw new SessionTooLarge(bytes, this.#options.maxBytes)
    const accountId = this.#options.accountIdOf(rest)
    return { text, accountId: typeof accountId === 'string' ? accountId : null }
  }
}

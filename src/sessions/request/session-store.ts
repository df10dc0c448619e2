import type { Request as ExpressRequest } from 'express'
import expressSession, { type Cookie, type SessionData } from 'express-session'
import type { Pool } from 'pg'
import { NotSerializable, SessionRefused, SessionTooLarge } from '../errors.ts'
import { PostgresTable } from '../storage/postgres-table.ts'
import type { OnQuery } from '../storage/query-runner.ts'
import type { SessionTable } from '../storage/session-table.ts'
import { isObject, type JsonObject } from '../tracking/diff.ts'
import { checkLifetime, storedMaxAgeOf } from '../tracking/expiry.ts'
import type { RegenerateOptions } from '../tracking/regenerate-options.ts'
import { type Session, TrackedSessions } from '../tracking/tracked-sessions.ts'
import { type CookieAttributes, cookieAttributes, newCookie } from './cookie-attributes.ts'
import { newSession } from './session-object.ts'

type Callback = (error?: unknown) => void
type Request = Parameters<expressSession.Store['regenerate']>[0]

export interface StoreOptions {
  readonly pool?: Pool
  /** Default: the table `session` in Postgres, over `pool`. */
  readonly table?: SessionTable
  /** Milliseconds whatever the activity, ten years at most (else RangeError). Default 90 days. */
  readonly absoluteMaxAge?: number | undefined
  /** Milliseconds that a session without a maxAge lives without activity. Default a day. */
  readonly browserSessionMs?: number | undefined
  /** Bytes of JSON that a session may hold. Default 100,000. */
  readonly maxBytes?: number | undefined
  /** The account that the session belongs to. Default: its `account`. */
  readonly accountIdOf?: ((session: JsonObject) => unknown) | undefined
  /** So many live sessions an account may have: a sign-in ends the oldest. Default: any number. */
  readonly maxSessionsPerAccount?: number | undefined
  readonly onQuery?: OnQuery | undefined
  /** Default: Path=/, HttpOnly, SameSite=Lax, until the browser closes. */
  readonly attributes?: CookieAttributes | undefined
}

const DAY = 86_400_000
/** Errors of rows that hold no session: no JSON object, too deep, too large, or refused. */
const UNUSABLE_ROW_ERRORS = [TypeError, SyntaxError, NotSerializable, SessionTooLarge, SessionRefused]
const MAX_REMEMBERED_UNUSABLE = 10_000

/** An express-session store. Stock connect-pg-simple can use the same table side by side. */
export class PostgresSessionStore extends expressSession.Store {
  /** Set by `createSessions`, or by express-session's own middleware. */
  declare generate: (req: Request) => void
  readonly table: SessionTable
  readonly tracked: TrackedSessions
  readonly #attributes: CookieAttributes
  readonly #onQuery: OnQuery
  /** Sids of unusable rows, so that each is reported once. */
  readonly #unusable = new Set<string>()

  constructor(options: StoreOptions) {
    super()
    const { absoluteMaxAge = 90 * DAY, browserSessionMs = DAY, maxBytes = 100_000, onQuery = () => {} } = options
    checkLifetime('absoluteMaxAge', absoluteMaxAge)
    this.table = options.table ?? new PostgresTable(options.pool as Pool, onQuery)
    const accountIdOf = options.accountIdOf ?? (({ account }) => account)
    const { maxSessionsPerAccount } = options
    const limits = { absoluteMaxAge, browserSessionMs, maxBytes, maxSessionsPerAccount }
    this.tracked = new TrackedSessions({ table: this.table, accountIdOf, ...limits })
    this.#attributes = options.attributes ?? cookieAttributes({}, 'connect.sid')
    this.#onQuery = onQuery
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.read(sid).then(
      (found) => callback(null, found),
      (error) => callback(error),
    )
  }

  override createSession(req: Parameters<expressSession.Store['createSession']>[0], data: SessionData): Session {
    data.cookie = this.#cookieOf(data, req as ExpressRequest)
    const session = newSession(req, data)
    req.session = session
    this.tracked.alias(data, session)
    return session
  }

  override set(sid: string, data: SessionData, callback: Callback = () => {}): void {
    this.tracked.storeById(sid, data).then(() => callback(), callback)
  }

  override touch(sid: string, data: SessionData, callback: Callback = () => {}): void {
    this.#touch(sid, data).then(() => callback(), callback)
  }

  override destroy(sid: string, callback: Callback = () => {}): void {
    this.table.destroy(sid).then(() => callback(), callback)
  }

  // express-session's own destroys, then inserts: a failed insert loses the session.
  override regenerate(req: Request, callback: (error?: unknown) => unknown): void {
    this.rotateId(req).then(() => callback(), callback)
  }

  ids(callback: (error: unknown, sids?: string[]) => void): void {
    this.table.all().then((texts) => callback(null, [...texts.keys()]), callback)
  }

  override all(callback: (error: unknown, sessions?: { [sid: string]: SessionData }) => void): void {
    const parsed = async () =>
      Object.fromEntries([...(await this.table.all())].map(([sid, text]) => [sid, JSON.parse(text)]))
    parsed().then((sessions) => callback(null, sessions), callback)
  }

  override length(callback: (error: unknown, length?: number) => void): void {
    this.table.count().then((count) => callback(null, count), callback)
  }

  override clear(callback: Callback = () => {}): void {
    this.table.clear().then(() => callback(), callback)
  }

  /** Gives the request a session with a new id, and the row the same id in one commit. */
  async rotateId(req: Request, options: RegenerateOptions = {}): Promise<void> {
    const { maxAge, absoluteMaxAge } = options
    checkLifetime('maxAge', maxAge)
    checkLifetime('absoluteMaxAge', absoluteMaxAge)
    const { session: previous, sessionID } = req
    this.generate(req)
    if (maxAge !== undefined) req.session.cookie.maxAge = maxAge
    try {
      await this.tracked.rotateId(previous as Session, req.session as Session, options)
    } catch (error) {
      // The outcome is unknown, so the request keeps the session that it came with.
      req.session = previous
      req.sessionID = sessionID
      throw error
    }
  }

  /** Undefined where there is no row, or an unusable one. */
  async read(sid: string): Promise<SessionData | undefined> {
    try {
      return await this.tracked.read(sid)
    } catch (error) {
      if (!UNUSABLE_ROW_ERRORS.some((kind) => error instanceof kind)) throw error
      // Stock deletes such a row. It stays until the sign-out, so that an operator can read it.
      if (!this.#unusable.has(sid)) this.#onQuery('malformed session', 'error', 0, error)
      this.#unusable.delete(sid)
      this.#unusable.add(sid)
      const [oldest] = this.#unusable.size > MAX_REMEMBERED_UNUSABLE ? this.#unusable : []
      if (oldest !== undefined) this.#unusable.delete(oldest)
      return undefined
    }
  }

  /** Whether the row was unusable when it was last read. */
  isUnusable(sid: string): boolean {
    return this.#unusable.has(sid)
  }

  async #touch(sid: string, data: SessionData): Promise<void> {
    const pending = this.tracked.pendingWrite(data)
    if (this.tracked.hasRow(data) && pending?.touch) await this.tracked.commit(sid, data, { ...pending, changes: [] })
  }

  /** Only the lifetime is the row's: another program may have written a Domain, for example. */
  #cookieOf(data: SessionData, req: ExpressRequest): Cookie {
    const stored: unknown = data.cookie
    const { expires } = isObject(stored) ? stored : {}
    const maxAge = storedMaxAgeOf(stored)
    const cookie = newCookie(this.#attributes.of(req))
    const { originalMaxAge } = cookie
    const isDate = typeof expires === 'string' && !Number.isNaN(Date.parse(expires))
    cookie.expires = isDate ? new Date(expires) : null
    // Last: the setter of `expires` recomputes it.
    cookie.originalMaxAge = maxAge === undefined ? originalMaxAge : maxAge
    return cookie
  }
}

import connectPgSimple from 'connect-pg-simple'
import session from 'express-session'
import type { Pool } from 'pg'
import { SessionGone, StoreUnavailable } from './errors.ts'
import * as sql from './statements.ts'

type Callback = (error?: unknown) => void
type Loaded = session.Session & session.SessionData

/** What the store tells of each statement; a log line and a metric are made of it elsewhere. */
export type Report = (operation: string, outcome: 'ok' | 'error', seconds: number, error?: unknown) => void

/** What sessions need of a store beyond express-session's interface. */
export interface SessionStore extends session.Store {
  /** Moves the session to `next`'s id in one step, with what `next` holds; where there is nothing to move it is stored anew. */
  rename(sid: string, next: Loaded): Promise<void>
  /** Moves the expiry a lifetime from now. */
  renew(session: Loaded): Promise<void>
  /** Whether the expiry lags so far that moving it is worth a write. */
  isDue(session: Loaded): boolean
  /** Ends every session of an account, except one; resolves with how many. */
  endAccount(account: string, exceptSid?: string): Promise<number>
  clearExpired(batch: number): Promise<number>
}

/** What is known of a session that has a row: its text without the cookie, and milliseconds it had left when that was read. */
interface Row {
  text: string
  remaining: number
}

/** As connect-pg-simple: a session whose cookie lives as long as the browser is kept for a day. */
const WITHOUT_MAX_AGE = 86_400_000
/** The expiry is moved once it lags by a hundredth of the lifetime, an hour at most. */
const LAG = { share: 0.01, most: 3_600_000 }

const Stock = connectPgSimple(session)

/** Gives the request a fresh session with a new id: express-session puts this function on the store that it is given. */
export function generate(store: session.Store, req: object): void {
  ;(store as unknown as { generate(req: object): void }).generate(req)
}

/** express-session's store over the reference's table; reads of connect-pg-simple see what this writes and the other way round. */
export class PostgresSessions extends Stock implements SessionStore {
  readonly #pool: Pool
  readonly #report: Report
  readonly #rows = new WeakMap<object, Row>()
  readonly #remaining = new WeakMap<object, number>()

  constructor({ pool, report = () => {} }: { pool: Pool; report?: Report }) {
    super({ pool, tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false })
    this.#pool = pool
    this.#report = report
  }

  override get(sid: string, callback: (error: unknown, session?: session.SessionData | null) => void): void {
    this.#read(sid).then(
      (found) => callback(null, found),
      (error) => callback(error),
    )
  }

  // What the row held is remembered here and not on the session, where it would be stored with it.
  override createSession(req: Parameters<session.Store['createSession']>[0], data: session.SessionData): Loaded {
    const text = textOf(data)
    const loaded = super.createSession(req, data) as Loaded
    this.#rows.set(loaded, { text, remaining: this.#remaining.get(data) ?? lifetimeOf(loaded) })
    return loaded
  }

  override set(sid: string, data: session.SessionData, callback: Callback = () => {}): void {
    this.#write(sid, data).then(() => callback(), callback)
  }

  override touch(_sid: string, data: session.SessionData, callback: Callback = () => {}): void {
    const loaded = data as Loaded
    if (this.#rows.has(loaded) && !this.isDue(loaded)) callback()
    else this.renew(loaded).then(() => callback(), callback)
  }

  override destroy(sid: string, callback: Callback = () => {}): void {
    this.#run('destroy', sql.DESTROY, [sid]).then(() => callback(), callback)
  }

  // express-session's own destroys, then inserts: in between the session is away, and lost if the insert fails.
  override regenerate(req: Parameters<session.Store['regenerate']>[0], callback: (error?: unknown) => unknown): void {
    const sid = req.sessionID
    generate(this, req)
    this.rename(sid, req.session as Loaded).then(() => callback(), callback)
  }

  async rename(sid: string, next: Loaded): Promise<void> {
    const values = [JSON.stringify(next), lifetimeOf(next)]
    if ((await this.#run('rename', sql.RENAME, [sid, ...values, next.id])) === 0)
      await this.#run('insert', sql.INSERT, [next.id, ...values])
    this.#remember(next)
  }

  async renew(loaded: Loaded): Promise<void> {
    await this.#run('renew', sql.RENEW, [loaded.id, lifetimeOf(loaded)])
    const row = this.#rows.get(loaded)
    if (row !== undefined) row.remaining = lifetimeOf(loaded)
  }

  isDue(loaded: Loaded): boolean {
    const row = this.#rows.get(loaded)
    const lifetime = lifetimeOf(loaded)
    return row !== undefined && lifetime - row.remaining >= Math.min(lifetime * LAG.share, LAG.most)
  }

  endAccount(account: string, exceptSid?: string): Promise<number> {
    return this.#run('end account', sql.END_ACCOUNT, [account, exceptSid ?? null])
  }

  clearExpired(batch: number): Promise<number> {
    return this.#run('prune', sql.PRUNE, [batch])
  }

  async #read(sid: string): Promise<session.SessionData | null> {
    const [row] = await this.#query('read', sql.READ, [sid])
    if (row === undefined) return null
    const data: session.SessionData = JSON.parse(row.sess as string)
    this.#remaining.set(data, row.remaining as number)
    return data
  }

  async #write(sid: string, data: session.SessionData): Promise<void> {
    const row = this.#rows.get(data)
    if (row?.text === textOf(data)) return
    const values = [sid, JSON.stringify(data), lifetimeOf(data)]
    const written =
      row === undefined ? this.#run('insert', sql.INSERT, values) : this.#run('update', sql.UPDATE, values)
    if ((await written) === 0) throw new SessionGone()
    this.#remember(data)
  }

  #remember(data: session.SessionData): void {
    this.#rows.set(data, { text: textOf(data), remaining: lifetimeOf(data) })
  }

  async #run(operation: string, statement: string, values: unknown[]): Promise<number> {
    return (await this.#ask(operation, statement, values)).rowCount ?? 0
  }

  async #query(operation: string, statement: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.#ask(operation, statement, values)).rows
  }

  async #ask(operation: string, statement: string, values: unknown[]) {
    const start = performance.now()
    const told = (outcome: 'ok' | 'error', error?: unknown) =>
      this.#report(operation, outcome, (performance.now() - start) / 1000, error)
    try {
      const result = await this.#pool.query({ name: `session ${operation}`, text: statement, values })
      told('ok')
      return result
    } catch (error) {
      told('error', error)
      throw new StoreUnavailable(error)
    }
  }
}

function lifetimeOf({ cookie }: session.SessionData): number {
  return cookie?.originalMaxAge ?? WITHOUT_MAX_AGE
}

/** A session's content without the cookie, whose expiry differs at each request. */
function textOf({ cookie: _, ...content }: session.SessionData): string {
  return JSON.stringify(content)
}

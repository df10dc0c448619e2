import type { Request } from 'express'
import expressSession, { type Cookie, type CookieOptions, type SessionData } from 'express-session'
import { SessionGone, StoreUnavailable } from '../errors.ts'
import { define } from '../tracking/diff.ts'
import { NOTHING, type Session } from '../tracking/tracked-sessions.ts'
import { gateOf } from './response-gate.ts'
import { RESERVED } from './session-fields.ts'
import type { PostgresSessions } from './session-store.ts'

export interface Renewal {
  /** What of the session goes on under the new id: all of it, some fields, or (by default) nothing. */
  readonly keep?: boolean | readonly string[]
  /** Fields of the session that are written in the same commit as the new id: who is signed in, since when. */
  readonly assign?: Partial<SessionData>
  /** Milliseconds without activity after which it ends, at most ten years (else RangeError); default: as before. */
  readonly maxAge?: number
  /** Milliseconds after which it ends at the latest, with the same bound; default: the store's. */
  readonly absoluteMaxAge?: number
  /** Whoever is signed in goes on under the new id: rejects with SessionGone where the session has ended meanwhile. Signing in works all the same. */
  readonly live?: boolean
}

declare module 'express-session' {
  /** Beside express-session's callbacks: each resolves once it is committed. */
  interface Session {
    /** Writes what this request changed so far. Without it, that is done before the answer. Rejects with SessionGone, StoreUnavailable, SessionRefused, Unstorable, SessionTooLarge. */
    save(): Promise<void>
    /** A new id: the old one is dead on every replica. `req.session` is another object afterwards. Due whenever somebody signs in. */
    regenerate(renewal?: Renewal): Promise<void>
    /** Ends the session on every replica; `req.session` is gone. */
    destroy(): Promise<void>
    /** What the row holds now, in place of what this request changed. */
    reload(): Promise<void>
    /**
     * Changes that depend on what is there (a counter, a list): `change` is applied to the session as the row has it, again where another request's change
     * came in between, and committed. It may run several times and must not be async.
     */
    update(change: (draft: SessionData) => void): Promise<void>
  }
}

type Done = (error?: unknown) => void
interface Held {
  readonly req: Request
}

/** The promise forms, beside express-session's callbacks. */
const METHODS: PropertyDescriptorMap & ThisType<Session & Held> = {
  save: method(function (this: Session & Held) {
    return save(this.req)
  }),
  regenerate: {
    ...HIDDEN(),
    value(this: Session & Held, first?: Done | Renewal) {
      const renewal = typeof first === 'function' ? {} : first
      return either(this, regenerate(this.req, renewal ?? {}), typeof first === 'function' ? first : undefined)
    },
  },
  destroy: method(function (this: Session & Held) {
    return destroy(this.req)
  }),
  reload: method(function (this: Session & Held) {
    return storeOf(this.req).records.reload(this.id, this)
  }),
  update: {
    ...HIDDEN(),
    value(this: Session & Held, change: (draft: SessionData) => void) {
      return updateSession(this.req, change)
    },
  },
}

/** express-session exports its classes; its types do not. */
const stock = expressSession as unknown as {
  Session: new (req: unknown, data?: object) => Session
  Cookie: new (options: CookieOptions) => Cookie
}

class EquippedSession extends stock.Session {
  // By the prototype: properties of its own would cost more than the rest of this folder.
  static {
    Object.defineProperties(EquippedSession.prototype, METHODS)
  }
}

/** A request's session, of its `sessionID` and with these fields. */
export function newSession(req: unknown, data: object = {}): Session {
  const session = new EquippedSession(req, data)
  // express-session leaves out what its prototype, or any object's, has a name for.
  for (const [name, value] of Object.entries(data))
    if (!Object.hasOwn(session, name) && !RESERVED.has(name)) define(session, name, value)
  return session
}

export function newCookie(options: CookieOptions): Cookie {
  return new stock.Cookie(options)
}

function save(req: Request): Promise<void> {
  return lastly(req, () => write(req))
}

async function write(req: Request): Promise<void> {
  const gate = gateOf(req)
  const { records } = storeOf(req)
  const pending = records.pending(req.session)
  const isNew = !records.has(req.session)
  if (pending === undefined && !isNew) return
  const renewed = await records.commit(req.sessionID, req.session, pending ?? NOTHING)
  if (gate !== undefined) gate.cookieDue ||= renewed
}

async function regenerate(req: Request, { keep = false, ...renewal }: Renewal): Promise<void> {
  const kept = (name: string) => (Array.isArray(keep) ? keep.includes(name) : keep === true)
  const work = storeOf(req).renewId(req, kept, renewal)
  // From here on the request is somebody's again, whatever its cookie was.
  await busy(req, work)
  const gate = gateOf(req)
  if (gate !== undefined) gate.endedLately = false
}

async function destroy(req: Request): Promise<void> {
  const { session, sessionID } = req
  const { table, records } = storeOf(req)
  // As express-session: the session is off the request at once, whatever becomes of the statement.
  delete (req as { session?: unknown }).session
  const ended = records.mayHave(session) ? table.destroy(sessionID) : Promise.resolve()
  await busy(
    req,
    ended.then(() => {}),
  )
}

/**
 * `req.session.update(change)`, for any session: one that has a field of the name `update` has no such method. Rejects with
 * SessionGone, StoreUnavailable, Unstorable, SessionTooLarge.
 */
export function updateSession(req: Request, change: (draft: SessionData) => void): Promise<void> {
  return lastly(req, () => storeOf(req).records.update(req.sessionID, req.session, change))
}

/** A write that failed is the request's last: whether it happened is known to nobody, and the error's own page must not try it again. */
async function lastly(req: Request, work: () => Promise<void>): Promise<void> {
  const gate = gateOf(req)
  if (gate?.endedLately) throw new SessionGone()
  try {
    await work()
  } catch (error) {
    const isFinal = error instanceof StoreUnavailable || error instanceof SessionGone
    if (gate !== undefined && isFinal) gate.busy = Promise.reject(error)
    gate?.busy?.catch(() => {})
    throw error
  }
}

/** The answer waits for it, also where nobody awaits it, and fails with it: "signed out" must not be said of a session that was not ended. */
async function busy(req: Request, work: Promise<void>): Promise<void> {
  const gate = gateOf(req)
  const all = gate?.busy === undefined ? work : Promise.all([gate.busy, work]).then(() => {})
  if (gate !== undefined) gate.busy = all
  await all
  if (gate?.busy === all) gate.busy = undefined
}

function storeOf(req: Request): PostgresSessions {
  return req.sessionStore as unknown as PostgresSessions
}

function method(work: (this: Session & Held) => Promise<void>): PropertyDescriptor {
  return {
    ...HIDDEN(),
    value(this: Session & Held, done?: Done) {
      return either(this, work.call(this), done)
    },
  }
}

/** A promise, or express-session's callback form, which gives the session back. */
function either(session: Session, work: Promise<void>, done: Done | undefined): Promise<void> | Session {
  // Where nobody awaits it the answer does, and fails with it: an unhandled rejection would end the process.
  work.catch(() => {})
  if (typeof done !== 'function') return work
  work.then(() => done(), done)
  return session
}

function HIDDEN() {
  return { enumerable: false, configurable: true, writable: true }
}

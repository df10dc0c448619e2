import type { Request } from 'express'
import expressSession, { type Cookie, type CookieOptions, type SessionData } from 'express-session'
import { SessionEnded, StoreUnavailable } from '../errors.ts'
import { define } from '../tracking/diff.ts'
import type { RegenerateOptions } from '../tracking/regenerate-options.ts'
import { NO_CHANGES, type Session } from '../tracking/tracked-sessions.ts'
import { deferredResponseOf } from './deferred-response.ts'
import { RESERVED_NAMES } from './session-fields.ts'
import type { PostgresSessionStore } from './session-store.ts'

declare module 'express-session' {
  /** Beside express-session's callbacks: each resolves once it is committed. */
  interface Session {
    /** Writes what this request changed so far. Without it, that is done before the answer. Rejects with SessionGone, StoreUnavailable, SessionRefused, Unstorable, SessionTooLarge. */
    save(): Promise<void>
    /** A new id: the old one is dead on every replica. `req.session` is another object afterwards. Due whenever somebody signs in. */
    regenerate(options?: RegenerateOptions): Promise<void>
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

type Callback = (error?: unknown) => void
interface WithRequest {
  readonly req: Request
}

/** The promise forms, beside express-session's callbacks. */
const METHODS: PropertyDescriptorMap & ThisType<Session & WithRequest> = {
  save: method(function (this: Session & WithRequest) {
    return save(this.req)
  }),
  regenerate: {
    ...NON_ENUMERABLE(),
    value(this: Session & WithRequest, first?: Callback | RegenerateOptions) {
      const options = typeof first === 'function' ? {} : first
      return promiseOrCallback(
        this,
        regenerate(this.req, options ?? {}),
        typeof first === 'function' ? first : undefined,
      )
    },
  },
  destroy: method(function (this: Session & WithRequest) {
    return destroy(this.req)
  }),
  reload: method(function (this: Session & WithRequest) {
    return storeOf(this.req).tracked.reload(this.id, this)
  }),
  update: {
    ...NON_ENUMERABLE(),
    value(this: Session & WithRequest, change: (draft: SessionData) => void) {
      return updateSession(this.req, change)
    },
  },
}

/** express-session exports its classes; its types do not. */
const EXPRESS_SESSION = expressSession as unknown as {
  Session: new (req: unknown, data?: object) => Session
  Cookie: new (options: CookieOptions) => Cookie
}

class PromiseSession extends EXPRESS_SESSION.Session {
  // By the prototype: properties of its own would cost more than the rest of this folder.
  static {
    Object.defineProperties(PromiseSession.prototype, METHODS)
  }
}

/** A request's session, of its `sessionID` and with these fields. */
export function newSession(req: unknown, data: object = {}): Session {
  const session = new PromiseSession(req, data)
  // express-session leaves out what its prototype, or any object's, has a name for.
  for (const [name, value] of Object.entries(data))
    if (!Object.hasOwn(session, name) && !RESERVED_NAMES.has(name)) define(session, name, value)
  return session
}

export function newCookie(options: CookieOptions): Cookie {
  return new EXPRESS_SESSION.Cookie(options)
}

function save(req: Request): Promise<void> {
  return asFinalWrite(req, () => commit(req))
}

async function commit(req: Request): Promise<void> {
  const gate = deferredResponseOf(req)
  const { tracked: records } = storeOf(req)
  const pending = records.pendingWrite(req.session)
  const isNew = !records.hasRow(req.session)
  if (pending === undefined && !isNew) return
  const touched = await records.commit(req.sessionID, req.session, pending ?? NO_CHANGES)
  if (gate !== undefined) gate.shouldSetCookie ||= touched
}

async function regenerate(req: Request, options: RegenerateOptions): Promise<void> {
  const work = storeOf(req).rotateId(req, options)
  // From here on the request is somebody's again, whatever its cookie was.
  await track(req, work)
  const gate = deferredResponseOf(req)
  if (gate !== undefined) gate.endedRecently = false
}

async function destroy(req: Request): Promise<void> {
  const { session, sessionID } = req
  const { table, tracked: records } = storeOf(req)
  // As express-session: the session is off the request at once, whatever becomes of the statement.
  delete (req as { session?: unknown }).session
  const ended = records.mayHaveRow(session) ? table.destroy(sessionID) : Promise.resolve()
  await track(
    req,
    ended.then(() => {}),
  )
}

/**
 * `req.session.update(change)`, for any session: one that has a field of the name `update` has no such method. Rejects with
 * SessionGone, StoreUnavailable, Unstorable, SessionTooLarge.
 */
export function updateSession(req: Request, change: (draft: SessionData) => void): Promise<void> {
  return asFinalWrite(req, () => storeOf(req).tracked.update(req.sessionID, req.session, change))
}

/** A write that failed is the request's last: whether it happened is known to nobody, and the error's own page must not try it again. */
async function asFinalWrite(req: Request, work: () => Promise<void>): Promise<void> {
  const gate = deferredResponseOf(req)
  if (gate?.endedRecently) throw new SessionEnded()
  try {
    await work()
  } catch (error) {
    const isFinal = error instanceof StoreUnavailable || error instanceof SessionEnded
    if (gate !== undefined && isFinal) gate.pendingWork = Promise.reject(error)
    gate?.pendingWork?.catch(() => {})
    throw error
  }
}

/** The answer waits for it, also where nobody awaits it, and fails with it: "signed out" must not be said of a session that was not ended. */
async function track(req: Request, work: Promise<void>): Promise<void> {
  const gate = deferredResponseOf(req)
  const all = gate?.pendingWork === undefined ? work : Promise.all([gate.pendingWork, work]).then(() => {})
  if (gate !== undefined) gate.pendingWork = all
  await all
  if (gate?.pendingWork === all) gate.pendingWork = undefined
}

function storeOf(req: Request): PostgresSessionStore {
  return req.sessionStore as unknown as PostgresSessionStore
}

function method(work: (this: Session & WithRequest) => Promise<void>): PropertyDescriptor {
  return {
    ...NON_ENUMERABLE(),
    value(this: Session & WithRequest, done?: Callback) {
      return promiseOrCallback(this, work.call(this), done)
    },
  }
}

/** A promise, or express-session's callback form, which gives the session back. */
function promiseOrCallback(session: Session, work: Promise<void>, done: Callback | undefined): Promise<void> | Session {
  // Where nobody awaits it the answer does, and fails with it: an unhandled rejection would end the process.
  work.catch(() => {})
  if (typeof done !== 'function') return work
  work.then(() => done(), done)
  return session
}

function NON_ENUMERABLE() {
  return { enumerable: false, configurable: true, writable: true }
}

import type { Request } from 'express'
import expressSession, { type SessionData } from 'express-session'
import { SessionEnded, StoreUnavailable } from '../errors.ts'
import type { SessionTable } from '../storage/session-table.ts'
import { define } from '../tracking/diff.ts'
import type { RegenerateOptions } from '../tracking/regenerate-options.ts'
import { RESERVED_NAMES } from '../tracking/session-fields.ts'
import { NO_CHANGES } from '../tracking/snapshot.ts'
import type { Session, TrackedSessions } from '../tracking/tracked-sessions.ts'
import { deferredResponseOf } from './deferred-response.ts'

declare module 'express-session' {
  /** Promise forms of express-session's callbacks. Each resolves after the commit. */
  interface Session {
    /** Commits now, not only before the response. Rejects with the errors of errors.ts. */
    save(): Promise<void>
    /** Rotates the id, as every sign-in must. Replaces `req.session`. */
    regenerate(options?: RegenerateOptions): Promise<void>
    /** Ends the session on all replicas, and removes `req.session`. */
    destroy(): Promise<void>
    /** Reads the row again, and discards this request's changes. */
    reload(): Promise<void>
    /**
     * For changes that depend on the current value. `change` may run again, so it is synchronous.
     */
    update(change: (draft: import('express-session').SessionData) => void): Promise<void>
  }
}

type Callback = (error?: unknown) => void
interface WithRequest {
  readonly req: Request
}

const NON_ENUMERABLE = { enumerable: false, configurable: true, writable: true }

/** The promise forms, and express-session's callback forms. */
const METHODS: PropertyDescriptorMap & ThisType<Session & WithRequest> = {
  save: method(function (this: Session & WithRequest) {
    return save(this.req)
  }),
  regenerate: {
    ...NON_ENUMERABLE,
    value(this: Session & WithRequest, first?: Callback | RegenerateOptions) {
      const [options, callback] = typeof first === 'function' ? [{}, first] : [first ?? {}, undefined]
      return promiseOrCallback(this, regenerate(this.req, options), callback)
    },
  },
  destroy: method(function (this: Session & WithRequest) {
    return destroy(this.req)
  }),
  reload: method(function (this: Session & WithRequest) {
    return storeOf(this.req).tracked.reload(this.id, this)
  }),
  update: {
    ...NON_ENUMERABLE,
    value(this: Session & WithRequest, change: (draft: SessionData) => void) {
      return updateSession(this.req, change)
    },
  },
}

/** A class that express-session exports, though its types do not. */
const EXPRESS_SESSION = expressSession as unknown as {
  Session: new (req: unknown, data?: object) => Session
}

class PromiseSession extends EXPRESS_SESSION.Session {
  // On the prototype: own properties of each session are too slow.
  static {
    Object.defineProperties(PromiseSession.prototype, METHODS)
  }
}

/** A session with the id of `req.sessionID` and these fields. */
export function newSession(req: unknown, data: object = {}): Session {
  const session = new PromiseSession(req, data)
  // express-session drops fields whose name is on the prototype.
  for (const [name, value] of Object.entries(data))
    if (!Object.hasOwn(session, name) && !RESERVED_NAMES.has(name)) define(session, name, value)
  return session
}

export function isSession(value: unknown): value is Session {
  return value instanceof EXPRESS_SESSION.Session
}

function save(req: Request): Promise<void> {
  return asFinalWrite(req, () => commit(req))
}

async function commit(req: Request): Promise<void> {
  const deferred = deferredResponseOf(req)
  const { tracked } = storeOf(req)
  const pending = tracked.pendingWrite(req.session)
  const isNew = !tracked.hasRow(req.session)
  if (pending === undefined && !isNew) return
  const touched = await tracked.commit(req.sessionID, req.session, pending ?? NO_CHANGES)
  if (deferred !== undefined) deferred.shouldSetCookie ||= touched
}

async function regenerate(req: Request, options: RegenerateOptions): Promise<void> {
  const deferred = deferredResponseOf(req)
  if (deferred?.failure !== undefined) throw deferred.failure
  const work = storeOf(req).rotateId(req, options)
  // The request has a live session again, whatever its cookie named.
  await track(req, work)
  if (deferred !== undefined) deferred.endedRecently = false
}

async function destroy(req: Request): Promise<void> {
  const { session, sessionID } = req
  const { table, tracked } = storeOf(req)
  const deferred = deferredResponseOf(req)
  if (deferred !== undefined) deferred.hasDestroyed = true
  // As express-session: at once, whatever the outcome of the statement.
  delete (req as { session?: unknown }).session
  const ended = tracked.mayHaveRow(session) ? table.destroy(sessionID) : Promise.resolve()
  await track(
    req,
    ended.then(() => {}),
  )
}

/** As `req.session.update`, also where a field named `update` hides it. */
export function updateSession(req: Request, change: (draft: SessionData) => void): Promise<void> {
  return asFinalWrite(req, () => storeOf(req).tracked.update(req.sessionID, req.session, change))
}

/** A failed write is the request's last: the error page must not retry an unknown outcome. */
async function asFinalWrite(req: Request, work: () => Promise<void>): Promise<void> {
  const deferred = deferredResponseOf(req)
  if (deferred?.endedRecently) throw new SessionEnded()
  if (deferred?.failure !== undefined) throw deferred.failure
  try {
    await work()
  } catch (error) {
    const isFinal = error instanceof StoreUnavailable || error instanceof SessionEnded
    if (deferred !== undefined && isFinal) deferred.pendingWork = Promise.reject(error)
    deferred?.pendingWork?.catch(() => {})
    throw error
  }
}

/** The response waits for the work, even without `await`, so it never claims a failed sign-out. */
async function track(req: Request, work: Promise<void>): Promise<void> {
  const deferred = deferredResponseOf(req)
  const all = deferred?.pendingWork === undefined ? work : Promise.all([deferred.pendingWork, work]).then(() => {})
  if (deferred !== undefined) deferred.pendingWork = all
  await all
  if (deferred?.pendingWork === all) deferred.pendingWork = undefined
}

/** What a session needs of its store. */
interface SessionBackend {
  readonly table: SessionTable
  readonly tracked: TrackedSessions
  rotateId(req: Request, options: RegenerateOptions): Promise<void>
}

function storeOf(req: Request): SessionBackend {
  return req.sessionStore as unknown as SessionBackend
}

function method(work: (this: Session & WithRequest) => Promise<void>): PropertyDescriptor {
  return {
    ...NON_ENUMERABLE,
    value(this: Session & WithRequest, done?: Callback) {
      return promiseOrCallback(this, work.call(this), done)
    },
  }
}

function promiseOrCallback(session: Session, work: Promise<void>, done: Callback | undefined): Promise<void> | Session {
  // The response reports the error. Without this an unhandled rejection ends the process.
  work.catch(() => {})
  if (typeof done !== 'function') return work
  work.then(() => done(), done)
  return session
}

import { SessionEnded } from '../errors.ts'
import { withTimeout } from '../storage/deadline.ts'
import { NO_CHANGES, type PendingWrite } from '../tracking/snapshot.ts'
import type { DeferredResponse } from './deferred-response.ts'
import type { Lookup } from './lookup.ts'
import { isSession } from './session-object.ts'
import type { PostgresSessionStore } from './session-store.ts'

export interface CommitOptions {
  readonly store: PostgresSessionStore
  readonly saveUninitialized: boolean
  readonly unset: 'destroy' | 'keep'
  /** false: the request does not touch the session. */
  readonly activity: boolean
  readonly timeoutMs: number
}

/** Undefined where there is nothing to write. */
export function commitSession(
  deferred: DeferredResponse,
  lookup: Lookup,
  options: CommitOptions,
): Promise<void> | undefined {
  const { req, pendingWork } = deferred
  if (pendingWork !== undefined) {
    deferred.pendingWork = undefined
    return pendingWork.then(() => commitSession(deferred, lookup, options))
  }
  const { store, timeoutMs } = options
  const session: unknown = req.session
  if (session === undefined || session === null) return endSessions(deferred, lookup, options)
  if (!isSession(session))
    return Promise.reject(
      new TypeError('req.session was replaced: change its fields, or call req.session.regenerate()'),
    )
  const write = pendingWrite(deferred, options)
  if (write === undefined) return undefined
  if (deferred.endedRecently) return Promise.reject(new SessionEnded())
  const committed = withTimeout(timeoutMs, store.tracked.commit(req.sessionID, req.session, write))
  const isOnlyTouch = write !== NO_CHANGES && write.changes.length === 0 && !write.lifetimeChanged
  const touched = isOnlyTouch ? committed.catch(() => false) : committed
  return touched.then((hasMoved) => {
    deferred.shouldSetCookie ||= hasMoved
  })
}

function pendingWrite(
  { req, endedRecently }: DeferredResponse,
  { store: { tracked }, saveUninitialized, activity }: CommitOptions,
): PendingWrite | undefined {
  const isUninitialized = saveUninitialized && !endedRecently && !tracked.hasRow(req.session)
  return tracked.pendingWrite(req.session, activity) ?? (isUninitialized ? NO_CHANGES : undefined)
}

/** Also the browser's other sessions: one of their cookies would sign in the next request. */
function endSessions(
  deferred: DeferredResponse,
  { sid, otherSids }: Lookup,
  { store, unset, timeoutMs }: CommitOptions,
): Promise<void> | undefined {
  const { req, hasDestroyed } = deferred
  // express-session's default: `req.session = null` neither writes nor ends anything.
  if (!hasDestroyed && unset === 'keep') return undefined
  const own = hasDestroyed || (sid === undefined && !deferred.shouldSetCookie) ? [] : [req.sessionID]
  deferred.hasDestroyed = true
  const sids = [...own, ...otherSids.splice(0)]
  if (sids.length === 0) return undefined
  return withTimeout(timeoutMs, Promise.all(sids.map((each) => store.table.destroy(each)))).then(() => {})
}

import connectPgSimple from 'connect-pg-simple'
import expressSession, { type Session, type SessionData, type Store } from 'express-session'
import type { Pool } from 'pg'
import { createSessions } from '../../src/sessions/sessions.ts'

export type StoreName = 'connect-pg-simple' | 'roundhouse'

/** What a store sees of a request. */
export interface OpenedSession {
  sessionID: string
  session: Session & SessionData
  readonly sessionStore: Store
}

type Change = (content: object) => void

/** A store as a replica uses it for a request. What resolves is acknowledged. */
export interface TestedStore {
  /** Resolves with undefined if there is no such session. */
  open(sid: string): Promise<OpenedSession | undefined>
  change(opened: OpenedSession, change: Change): Promise<void>
  /** As at the end of a request that changed nothing. */
  touch(opened: OpenedSession): Promise<void>
  destroy(opened: OpenedSession): Promise<void>
  revokeOthers(opened: OpenedSession, account: string): Promise<void>
  /** Resolves with the new id. `mustBeLive`: rejects if the session has ended. */
  rotateId(opened: OpenedSession, mustBeLive: boolean, change: Change): Promise<string>
  update(opened: OpenedSession, change: Change): Promise<void>
}

export const MAX_AGE_MS = 30 * 86_400_000

export function createRoundhouseStore(pool: Pool): TestedStore {
  const { store, endAll } = createSessions({ pool, secret: 'unused', cookie: { maxAge: MAX_AGE_MS } })
  return {
    open: (sid) => openSession(store, sid),
    async change({ session }, change) {
      change(session)
      await session.save()
    },
    touch: ({ sessionID, session }) => promised((callback) => store.touch(sessionID, session, callback)),
    destroy: ({ session }) => session.destroy(),
    async revokeOthers({ sessionID }, account) {
      await endAll(account, { except: sessionID })
    },
    async rotateId(opened, mustBeLive, change) {
      await opened.session.regenerate({ keep: true, mustBeLive })
      change(opened.session)
      await opened.session.save()
      return opened.sessionID
    },
    update: ({ session }, change) => session.update(change),
  }
}

/** express-session over connect-pg-simple, as both are shipped. */
export function createConnectPgSimpleStore(pool: Pool): TestedStore {
  const options = { tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false } as const
  const store = new (connectPgSimple(expressSession))({ pool, ...options })
  // This gives the store the method that makes new sessions.
  expressSession({ store, secret: 'unused', resave: false, saveUninitialized: false, cookie: { maxAge: MAX_AGE_MS } })

  const change: TestedStore['change'] = ({ session }, change) => {
    change(session)
    return promised((callback) => session.touch().save(callback))
  }
  return {
    open: (sid) => openSession(store, sid),
    change,
    touch: ({ sessionID, session }) =>
      promised((callback) => store.touch(sessionID, session.touch() as typeof session, callback)),
    destroy: ({ session }) => promised((callback) => session.destroy(callback)),
    // It offers nothing for this: its users do the same.
    async revokeOthers({ sessionID }, account) {
      await pool.query(`DELETE FROM session WHERE sess ->> 'account' = $1 AND sid <> $2`, [account, sessionID])
    },
    async rotateId(opened, _mustBeLive, rotated) {
      const { cookie: _, ...kept } = opened.session
      await promised((callback) => opened.session.regenerate(callback))
      Object.assign(opened.session, kept)
      await change(opened, rotated)
      return opened.sessionID
    },
    update: change,
  }
}

/** The beginning of a request, as express-session does it. */
async function openSession(store: Store, sid: string): Promise<OpenedSession | undefined> {
  const data = await new Promise<SessionData | null | undefined>((resolve, reject) =>
    store.get(sid, (error, found) => (error ? reject(error) : resolve(found))),
  )
  if (!data) return undefined
  const req = { sessionID: sid, sessionStore: store }
  // It puts the session on the request.
  store.createSession(req as unknown as Parameters<Store['createSession']>[0], data)
  return req as OpenedSession
}

/** Waits for a function with a callback. */
function promised(call: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())))
}

import connectPgSimple from 'connect-pg-simple'
import session from 'express-session'
import type { Pool } from 'pg'
import { called, MAX_AGE_MS, type OpenedSession, openSession, type TestedStore } from './store.ts'

/** express-session over connect-pg-simple, as both are shipped. */
export function createConnectPgSimpleStore(pool: Pool): TestedStore {
  const settings = { tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false } as const
  const store = new (connectPgSimple(session))({ pool, ...settings })
  // It puts on the store what makes new sessions.
  session({ store, secret: 'unused', resave: false, saveUninitialized: false, cookie: { maxAge: MAX_AGE_MS } })

  const save = ({ session }: OpenedSession) => called((callback) => session.touch().save(callback))
  const touch = ({ sessionID, session }: OpenedSession) =>
    called((callback) => store.touch(sessionID, session.touch() as typeof session, callback))
  const change: TestedStore['change'] = async (visit, change) => {
    change(visit.session)
    await save(visit)
  }
  return {
    open: (sid) => openSession(store, sid),
    change,
    touch,
    destroy: ({ session }) => called((callback) => session.destroy(callback)),
    // It has nothing for this: so do those who use it.
    async endOthers({ sessionID }, account) {
      await pool.query(`DELETE FROM session WHERE sess ->> 'account' = $1 AND sid <> $2`, [account, sessionID])
    },
    async rename(visit, _live, change) {
      const { cookie: _, ...kept } = visit.session
      await called((callback) => visit.session.regenerate(callback))
      Object.assign(visit.session, kept)
      change(visit.session)
      await save(visit)
      return visit.sessionID
    },
    update: change,
  }
}

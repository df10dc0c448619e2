import connectPgSimple from 'connect-pg-simple'
import session from 'express-session'
import type { Pool } from 'pg'
import { called, LIFETIME, openVisit, type RacedStore, type Visit } from './store.ts'

/** express-session over connect-pg-simple, as both are shipped. */
export function createStockStore(pool: Pool): RacedStore {
  const settings = { tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false } as const
  const store = new (connectPgSimple(session))({ pool, ...settings })
  // It puts on the store what makes new sessions.
  session({ store, secret: 'unused', resave: false, saveUninitialized: false, cookie: { maxAge: LIFETIME } })

  const save = ({ session }: Visit) => called((callback) => session.touch().save(callback))
  const touch = ({ sessionID, session }: Visit) =>
    called((callback) => store.touch(sessionID, session.touch() as typeof session, callback))
  const change: RacedStore['change'] = async (visit, change) => {
    change(visit.session)
    await save(visit)
  }
  return {
    open: (sid) => openVisit(store, sid),
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

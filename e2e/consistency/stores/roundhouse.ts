import type { Pool } from 'pg'
import { createSessions } from '../../../src/sessions/sessions.ts'
import { called, MAX_AGE_MS, openSession, type TestedStore } from './store.ts'

/** The store that this repository is about. */
export function createRoundhouseStore(pool: Pool): TestedStore {
  const { store, revoker: directory } = createSessions({ pool, secret: 'unused', maxAge: MAX_AGE_MS })
  return {
    open: (sid) => openSession(store, sid),
    async change({ session }, change) {
      change(session)
      await session.save()
    },
    touch: ({ sessionID, session }) => called((callback) => store.touch(sessionID, session, callback)),
    destroy: ({ session }) => session.destroy(),
    async endOthers({ sessionID }, account) {
      await directory.revokeAllExcept(account, sessionID)
    },
    async rename(visit, live, change) {
      await visit.session.regenerate({ keep: true, mustBeLive: live })
      change(visit.session)
      await visit.session.save()
      return visit.sessionID
    },
    update: ({ session }, change) => session.update(change),
  }
}

import { seeOther, type Visit } from '../http/reply.ts'
import type { Log } from '../runtime/log.ts'
import type { Account } from './accounts.ts'
import { accountOf } from './signed-in.ts'

/** POST /logout: ends the session everywhere. A visitor has nothing to end, and keeps the basket. */
export async function signOut({ log }: { readonly log: Log }, visit: Visit<Account>): Promise<void> {
  const claim = accountOf(visit.req.session)
  if (claim !== undefined) {
    await visit.req.session.destroy()
    log.info('signed out', { account: claim.id })
  }
  seeOther(visit, '/')
}

import { seeOther, type Visit } from '../../http/reply.ts'
import type { Log } from '../../runtime/log.ts'
import type { Account } from '../accounts.ts'
import { accountOf } from '../authentication.ts'

/**
 * POST /logout: ends the session everywhere. A visitor keeps the basket; one without loses the cookie, and with it a row that
 * cannot be used.
 */
export async function signOut({ log }: { readonly log: Log }, visit: Visit<Account>): Promise<void> {
  const claim = accountOf(visit.req.session)
  const isEmpty = Object.keys(visit.req.session).every((name) => name === 'cookie')
  if (claim !== undefined || isEmpty) await visit.req.session.destroy()
  if (claim !== undefined) log.info('signed out', { account: claim.id })
  seeOther(visit, '/')
}

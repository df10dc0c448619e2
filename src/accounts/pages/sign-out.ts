import { type RequestContext, seeOther } from '../../http/reply.ts'
import type { Log } from '../../runtime/log.ts'
import type { Account } from '../accounts.ts'
import { claimOf } from '../authentication.ts'

/**
 * POST /logout: ends the session everywhere. A visitor keeps the basket; one without loses the cookie, and with it a row that
 * cannot be used.
 */
export async function postSignOut({ log }: { readonly log: Log }, context: RequestContext<Account>): Promise<void> {
  const claim = claimOf(context.req.session)
  const isEmpty = Object.keys(context.req.session).every((name) => name === 'cookie')
  if (claim !== undefined || isEmpty) await context.req.session.destroy()
  if (claim !== undefined) log.info('signed out', { account: claim.id })
  seeOther(context, '/')
}

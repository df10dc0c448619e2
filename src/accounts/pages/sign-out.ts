import { type RequestContext, seeOther } from '../../http/reply.ts'
import type { Log } from '../../runtime/log.ts'
import type { Account } from '../accounts.ts'
import { claimOf } from '../authentication.ts'

/**
 * POST /logout: ends the session on all replicas. A visitor keeps the basket. A visitor without one
 * loses the cookie, and an unusable row behind it.
 */
export async function postSignOut({ log }: { readonly log: Log }, context: RequestContext<Account>): Promise<void> {
  const claim = claimOf(context.req.session)
  const isEmpty = Object.keys(context.req.session).every((name) => name === 'cookie')
  if (claim !== undefined || isEmpty) await context.req.session.destroy()
  if (claim !== undefined) log.info('signed out', { account: claim.id })
  seeOther(context, '/')
}

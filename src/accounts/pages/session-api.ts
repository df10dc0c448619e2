import type { RequestContext } from '../../http/reply.ts'
import { accountView } from '../account-view.ts'
import type { Account } from '../accounts.ts'

/** GET /api/session, for visitors, too. */
export function showSession({ req, res, user }: RequestContext<Account>): void {
  res.json({
    signedIn: user !== null,
    account: user === null ? null : accountView(user),
    basket: basketOf(req.session),
    expiresAt: expiryOf(req.session),
    replica: req.app.locals.replica,
  })
}

/** The shop declares it. Without a shop there is none. */
function basketOf(session: object): unknown {
  return ('basket' in session && session.basket) || {}
}

/** null for a visitor, whose session is not stored. */
function expiryOf(session: RequestContext<Account>['req']['session']): Date | null {
  if (Object.keys(session).every((field) => field === 'cookie')) return null
  // This request counts as activity, so the whole lifetime is left, whatever the row says.
  session.touch()
  return session.cookie.expires ?? null
}

import type { RequestContext } from '../../http/reply.ts'
import { accountView } from '../account-view.ts'
import type { Account } from '../accounts.ts'

/** GET /api/session: what a program wants to know of the session that it holds; a visitor's too. */
export function showSession({ req, res, user }: RequestContext<Account>): void {
  res.json({
    signedIn: user !== null,
    account: user === null ? null : accountView(user),
    basket: basketOf(req.session),
    expiresAt: expiryOf(req.session),
    replica: req.app.locals.replica,
  })
}

/** The shop declares and changes it; without a shop there is none. */
function basketOf(session: object): unknown {
  return ('basket' in session && session.basket) || {}
}

/** When the session ends without further activity; null for a visitor, of whom nothing is stored. */
function expiryOf(session: RequestContext<Account>['req']['session']): Date | null {
  if (Object.keys(session).every((field) => field === 'cookie')) return null
  // This request counts as activity, so its end is a whole lifetime away, whatever the row says yet.
  session.touch()
  return session.cookie.expires ?? null
}

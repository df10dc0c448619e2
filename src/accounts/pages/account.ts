import { type RequestContext, reply } from '../../http/reply.ts'
import { unauthenticated } from '../../runtime/errors.ts'
import { accountView } from '../account-view.ts'
import type { Account } from '../accounts.ts'

export const ACCOUNT_PAGE = { fields: {}, message: '', changed: false, showDay }

/** GET /account: the account page, with the form for a new password. */
export function showAccount(context: RequestContext<Account>): void {
  const { req, user } = context
  if (user === null) throw unauthenticated()
  const data = { ...ACCOUNT_PAGE, changed: req.query.changed === 'password' }
  reply(context, { view: 'accounts/pages/account', data, json: { account: accountView(user) } })
}

/** "2 January 2026" in UTC, on every replica. */
function showDay(date: Date): string {
  return DAY.format(date)
}

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

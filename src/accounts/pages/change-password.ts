import { readForm, secret } from '../../http/form.ts'
import { type RequestContext, renderInvalid, seeOther } from '../../http/reply.ts'
import { unauthenticated } from '../../runtime/errors.ts'
import { z } from '../../runtime/zod.ts'
import { accountView } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { rotateId } from '../authentication.ts'
import { normalise, passwordError } from '../passwords/password-policy.ts'
import type { AccountRoutesOptions } from '../routes-options.ts'
import type { SignInLimits } from '../throttling/sign-in-limits.ts'
import { ACCOUNT_PAGE } from './account.ts'

const CHANGE = z
  .object({
    current: secret('Current password').min(1, 'Current password is missing.'),
    password: secret('New password'),
  })
  .refine(({ current, password }) => normalise(current) !== normalise(password), {
    path: ['password'],
    message: 'New password is the current one.',
  })

type ChangePasswordDeps = { readonly limits: SignInLimits } & Pick<
  AccountRoutesOptions,
  'accounts' | 'accountSessions' | 'log'
>

/** POST /account/password: ends every other session, and rotates the id of this one. */
export async function postChangePassword(deps: ChangePasswordDeps, context: RequestContext<Account>): Promise<void> {
  const { accounts, limits, accountSessions, log } = deps
  const { req, user } = context
  if (user === null) throw unauthenticated()
  if (!isOwn(req.body, user)) return renderOtherAccount(context)
  const form = readForm(CHANGE, req.body)
  if (!form.ok) return renderInvalidChange(context, form.fields)
  const { current, password } = form.value
  const error = passwordError(password, user)
  if (error !== undefined) return renderInvalidChange(context, { password: error })
  const changed = await accounts.changePassword(user.id, current, password, await limits.confirm(user.id))
  if (changed === null) return renderInvalidChange(context, { current: 'Current password is wrong.' })
  // The other sessions are invalid from here on, even before their rows are gone.
  await rotateId(req, changed)
  const ended = await accountSessions.endAll(changed.id, { except: req.sessionID })
  log.info('password changed', { account: changed.id, sessionsEnded: ended })
  seeOther(context, '/account?changed=password', { json: { account: accountView(changed), sessionsEnded: ended } })
}

/** false where another user has signed in since the page was loaded. */
function isOwn(body: unknown, { id }: Account): boolean {
  const { account = id } = (body ?? {}) as { readonly account?: unknown }
  return account === id
}

function renderOtherAccount(context: RequestContext<Account>): void {
  const message = 'Another user opened this page and has signed out since. Nothing was changed.'
  renderInvalid(context, { status: 409, message, view: 'accounts/pages/account', data: ACCOUNT_PAGE })
}

function renderInvalidChange(context: RequestContext<Account>, fields: Readonly<Record<string, string>>): void {
  const message = 'The password was not changed. Please check what is marked below.'
  renderInvalid(context, { status: 400, message, fields, view: 'accounts/pages/account', data: ACCOUNT_PAGE })
}

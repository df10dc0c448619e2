import { readForm, secret, typedText } from '../../http/form.ts'
import { type RequestContext, renderInvalid, reply, seeOther } from '../../http/reply.ts'
import { z } from '../../runtime/zod.ts'
import { accountView, homePathOf } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { completeSignIn, type SignInDeps } from '../complete-sign-in.ts'
import { emailField } from '../email.ts'
import { returnTo } from '../return-to.ts'
import type { AccountRoutesOptions } from '../routes-options.ts'

const CREDENTIALS = z.object({
  email: emailField(),
  password: secret('Password').min(1, 'Password is missing.'),
  // Anything but a path of this site is ignored.
  next: z.unknown().optional().transform(returnTo),
})

type SignInPageDeps = SignInDeps & Pick<AccountRoutesOptions, 'accounts' | 'clientAddress'>

/** GET /login: the form, or a redirect for a signed-in user. */
export function showSignIn(context: RequestContext<Account>): void {
  const next = returnTo(context.req.query.next)
  if (context.user === null) reply(context, { view: 'accounts/pages/sign-in', data: page(next), json: FORM })
  else seeOther(context, next ?? homePathOf(context.user), { json: { account: accountView(context.user) } })
}

export async function postSignIn(deps: SignInPageDeps, context: RequestContext<Account>): Promise<void> {
  const { accounts, limits, devices, clientAddress, log } = deps
  const { req } = context
  const form = readForm(CREDENTIALS, req.body)
  if (!form.ok) return renderInvalidSignIn(context, 400, 'Please check what is marked below.', form.fields)
  const { email, password, next } = form.value
  const client = { address: clientAddress(req), browser: devices.recognise(req, email) }
  const account = await accounts.verifyCredentials(email, password, await limits.signIn(client, email))
  if (account === null) {
    log.info('sign-in failed', { browser: client.browser === undefined ? 'unknown' : 'known' })
    return renderInvalidSignIn(context, 401, 'E-mail address or password is wrong.')
  }
  await completeSignIn(deps, context, account)
  seeOther(context, next ?? homePathOf(account), { json: { account: accountView(account) } })
}

const FORM = { action: '/login', fields: ['email', 'password', 'next'] }

function page(next: string | undefined) {
  return { typed: {}, fields: {}, message: '', next: next ?? '' }
}

function renderInvalidSignIn(context: RequestContext<Account>, status: number, message: string, fields = {}): void {
  const { body } = context.req
  const data = { ...page(returnTo((body as { next?: unknown } | undefined)?.next)), typed: typedText(body) }
  renderInvalid(context, { status, message, fields, view: 'accounts/pages/sign-in', data })
}

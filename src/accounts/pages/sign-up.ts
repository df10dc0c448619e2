import { readForm, secret, typedText } from '../../http/form.ts'
import { type RequestContext, renderInvalid, reply, seeOther } from '../../http/reply.ts'
import { z } from '../../runtime/zod.ts'
import { accountView, homePathOf } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { completeSignIn, type SignInDeps } from '../complete-sign-in.ts'
import { emailField } from '../email.ts'
import { nameField } from '../name.ts'
import { passwordError } from '../passwords/password-policy.ts'
import type { AccountRoutesOptions } from '../routes-options.ts'

const REGISTRATION = z.object({
  email: emailField(),
  name: nameField(),
  password: secret('Password'),
})

type SignUpDeps = SignInDeps & Pick<AccountRoutesOptions, 'accounts' | 'clientAddress'>

/** GET /register: the form, or a redirect for a signed-in user. */
export function showSignUp(context: RequestContext<Account>): void {
  if (context.user === null) reply(context, { view: 'accounts/pages/sign-up', data: PAGE, json: FORM })
  else seeOther(context, homePathOf(context.user), { json: { account: accountView(context.user) } })
}

/** POST /register: a new customer, signed in. Ignores a role in the form. */
export async function postSignUp(deps: SignUpDeps, context: RequestContext<Account>): Promise<void> {
  const { accounts, limits, clientAddress, log } = deps
  const { req } = context
  const form = readForm(REGISTRATION, req.body)
  const fields = { ...(form.ok ? {} : form.fields), ...weakness(req.body) }
  if (!form.ok || Object.keys(fields).length > 0) return renderInvalidSignUp(context, 400, CHECK, fields)
  const attempt = await limits.register({ address: clientAddress(req) })
  const account = await accounts.create({ ...form.value, role: 'customer' }, attempt)
  if (account === null) return renderInvalidSignUp(context, 409, TAKEN, { email: TAKEN })
  log.info('account registered', { account: account.id })
  await completeSignIn(deps, context, account)
  seeOther(context, homePathOf(account), { status: 201, json: { account: accountView(account) } })
}

const FORM = { action: '/register', fields: ['email', 'name', 'password'] }
const PAGE = { typed: {}, fields: {}, message: '' }
const CHECK = 'Please check what is marked below.'
const TAKEN = 'There is an account with this address already: sign in instead.'

/** Shown together with the errors of the other fields. */
function weakness(body: unknown): { password?: string } {
  const { password } = (body ?? {}) as { password?: unknown }
  const { email = '', name = '' } = typedText(body)
  const error = typeof password === 'string' ? passwordError(password, { email, name }) : undefined
  return error === undefined ? {} : { password: error }
}

function renderInvalidSignUp(
  context: RequestContext<Account>,
  status: number,
  message: string,
  fields: Record<string, string>,
): void {
  const data = { ...PAGE, typed: typedText(context.req.body) }
  renderInvalid(context, { status, message, fields, view: 'accounts/pages/sign-up', data })
}

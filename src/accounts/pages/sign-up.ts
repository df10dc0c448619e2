import { readForm, secret, typedText } from '../../http/form.ts'
import { refuse, reply, seeOther, type Visit } from '../../http/reply.ts'
import { z } from '../../runtime/zod.ts'
import { ownPage, profileOf } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { type Newcomers, welcome } from '../complete-sign-in.ts'
import { emailField } from '../email.ts'
import { nameField } from '../name.ts'
import { passwordFault } from '../passwords/password-policy.ts'
import type { AccountRoutesOptions } from '../routes.ts'

const REGISTRATION = z.object({
  email: emailField(),
  name: nameField(),
  password: secret('Password'),
})

type Parts = Newcomers & Pick<AccountRoutesOptions, 'accounts' | 'clientAddress'>

/** GET /register: the form; who is signed in already goes on. */
export function showSignUp(visit: Visit<Account>): void {
  if (visit.person === null) reply(visit, { view: 'accounts/pages/sign-up', data: PAGE, json: FORM })
  else seeOther(visit, ownPage(visit.person), { json: { account: profileOf(visit.person) } })
}

/** POST /register: a new customer, signed in; whatever role the form names is ignored. */
export async function register(parts: Parts, visit: Visit<Account>): Promise<void> {
  const { accounts, attempts, clientAddress, log } = parts
  const { req } = visit
  const form = readForm(REGISTRATION, req.body)
  const fields = { ...(form.ok ? {} : form.fields), ...weakness(req.body) }
  if (!form.ok || Object.keys(fields).length > 0) return refuseSignUp(visit, 400, CHECK, fields)
  const attempt = await attempts.register({ address: clientAddress(req) })
  const account = await accounts.add({ ...form.value, role: 'customer' }, attempt)
  if (account === null) return refuseSignUp(visit, 409, TAKEN, { email: TAKEN })
  log.info('account registered', { account: account.id })
  await welcome(parts, visit, account)
  seeOther(visit, ownPage(account), { status: 201, json: { account: profileOf(account) } })
}

const FORM = { action: '/register', fields: ['email', 'name', 'password'] }
const PAGE = { typed: {}, fields: {}, message: '' }
const CHECK = 'Please check what is marked below.'
const TAKEN = 'There is an account with this address already: sign in instead.'

/** The password's own fault is told together with those of the other fields, not one round later. */
function weakness(body: unknown): { password?: string } {
  const { password } = (body ?? {}) as { password?: unknown }
  const { email = '', name = '' } = typedText(body)
  const fault = typeof password === 'string' ? passwordFault(password, { email, name }) : undefined
  return fault === undefined ? {} : { password: fault }
}

function refuseSignUp(visit: Visit<Account>, status: number, message: string, fields: Record<string, string>): void {
  const data = { ...PAGE, typed: typedText(visit.req.body) }
  refuse(visit, { status, message, fields, view: 'accounts/pages/sign-up', data })
}

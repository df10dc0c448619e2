import { readForm, secret, typedText } from '../../http/form.ts'
import { refuse, reply, seeOther, type Visit } from '../../http/reply.ts'
import { z } from '../../runtime/zod.ts'
import { ownPage, profileOf } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { type Newcomers, welcome } from '../complete-sign-in.ts'
import { emailField } from '../email.ts'
import { nextPath } from '../return-to.ts'
import type { AccountRoutesOptions } from '../routes.ts'

const CREDENTIALS = z.object({
  email: emailField(),
  password: secret('Password').min(1, 'Password is missing.'),
  // Whatever it is: what is no path of this site is ignored, not complained of.
  next: z.unknown().optional().transform(nextPath),
})

type Parts = Newcomers & Pick<AccountRoutesOptions, 'accounts' | 'clientAddress'>

/** GET /login: the form; who is signed in already goes on. */
export function showSignIn(visit: Visit<Account>): void {
  const next = nextPath(visit.req.query.next)
  if (visit.person === null) reply(visit, { view: 'accounts/pages/sign-in', data: page(next), json: FORM })
  else seeOther(visit, next ?? ownPage(visit.person), { json: { account: profileOf(visit.person) } })
}

/** POST /login */
export async function signInPerson(parts: Parts, visit: Visit<Account>): Promise<void> {
  const { accounts, attempts, known, clientAddress, log } = parts
  const { req } = visit
  const form = readForm(CREDENTIALS, req.body)
  if (!form.ok) return refuseSignIn(visit, 400, 'Please check what is marked below.', form.fields)
  const { email, password, next } = form.value
  const client = { address: clientAddress(req), browser: known.recognise(req, email) }
  const account = await accounts.check(email, password, await attempts.signIn(client, email))
  if (account === null) {
    log.info('sign-in failed', { browser: client.browser === undefined ? 'unknown' : 'known' })
    return refuseSignIn(visit, 401, 'E-mail address or password is wrong.')
  }
  await welcome(parts, visit, account)
  seeOther(visit, next ?? ownPage(account), { json: { account: profileOf(account) } })
}

const FORM = { action: '/login', fields: ['email', 'password', 'next'] }

function page(next: string | undefined) {
  return { typed: {}, fields: {}, message: '', next: next ?? '' }
}

function refuseSignIn(visit: Visit<Account>, status: number, message: string, fields = {}): void {
  const { body } = visit.req
  const data = { ...page(nextPath((body as { next?: unknown } | undefined)?.next)), typed: typedText(body) }
  refuse(visit, { status, message, fields, view: 'accounts/pages/sign-in', data })
}

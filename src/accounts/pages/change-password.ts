import { readForm, secret } from '../../http/form.ts'
import { refuse, seeOther, type Visit } from '../../http/reply.ts'
import { unauthenticated } from '../../runtime/errors.ts'
import { z } from '../../runtime/zod.ts'
import { profileOf } from '../account-view.ts'
import type { Account } from '../accounts.ts'
import { renew } from '../authentication.ts'
import { normalised, passwordFault } from '../passwords/password-policy.ts'
import type { AccountRoutesOptions } from '../routes.ts'
import type { Attempts } from '../throttling/sign-in-limits.ts'
import { ACCOUNT_PAGE } from './account.ts'

const CHANGE = z
  .object({
    current: secret('Current password').min(1, 'Current password is missing.'),
    password: secret('New password'),
  })
  .refine(({ current, password }) => normalised(current) !== normalised(password), {
    path: ['password'],
    message: 'New password is the current one.',
  })

type Parts = { readonly attempts: Attempts } & Pick<AccountRoutesOptions, 'accounts' | 'directory' | 'log'>

/** POST /account/password: every session of the account ends but this one, which gets a new id. */
export async function changePassword(parts: Parts, visit: Visit<Account>): Promise<void> {
  const { accounts, attempts, directory, log } = parts
  const { req, person } = visit
  if (person === null) throw unauthenticated()
  if (!isOwn(req.body, person)) return refuseOther(visit)
  const form = readForm(CHANGE, req.body)
  if (!form.ok) return refuseChange(visit, form.fields)
  const { current, password } = form.value
  const fault = passwordFault(password, person)
  if (fault !== undefined) return refuseChange(visit, { password: fault })
  const changed = await accounts.changePassword(person.id, current, password, await attempts.confirm(person.id))
  if (changed === null) return refuseChange(visit, { current: 'Current password is wrong.' })
  // From here on the others' generation is an old one: they are visitors even before their rows are gone.
  await renew(req, changed)
  const ended = await directory.endOthers(changed.id, req.sessionID)
  log.info('password changed', { account: changed.id, sessionsEnded: ended })
  seeOther(visit, '/account?changed=password', { json: { account: profileOf(changed), sessionsEnded: ended } })
}

/** Whether the page that sent this form, where it says so, was this person's: somebody else may have signed in meanwhile. */
function isOwn(body: unknown, { id }: Account): boolean {
  const { account = id } = (body ?? {}) as { readonly account?: unknown }
  return account === id
}

function refuseOther(visit: Visit<Account>): void {
  const message = 'This page was opened by somebody else, who has signed out since. Nothing was changed.'
  refuse(visit, { status: 409, message, view: 'accounts/pages/account', data: ACCOUNT_PAGE })
}

function refuseChange(visit: Visit<Account>, fields: Readonly<Record<string, string>>): void {
  const message = 'The password was not changed. Please check what is marked below.'
  refuse(visit, { status: 400, message, fields, view: 'accounts/pages/account', data: ACCOUNT_PAGE })
}

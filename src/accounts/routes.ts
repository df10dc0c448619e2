import type { Request } from 'express'
import type { Limits } from '../http/limits.ts'
import type { Route } from '../http/routes.ts'
import type { Log } from '../runtime/log.ts'
import type { Directory } from '../sessions/directory.ts'
import { showAccount } from './account.ts'
import type { Account, Accounts } from './accounts.ts'
import { createAttempts } from './attempts.ts'
import { changePassword } from './change-password.ts'
import { createKnownBrowsers } from './known-browsers.ts'
import { showSession } from './session.ts'
import { showSignIn, signInPerson } from './sign-in.ts'
import { signOut } from './sign-out.ts'
import { register, showSignUp } from './sign-up.ts'

export interface AccountRoutesOptions {
  readonly accounts: Accounts
  readonly directory: Directory
  readonly limits: Limits
  /** The session cookie's: they also sign which browsers are known. */
  readonly secrets: readonly string[]
  /** Whether people come over HTTPS. */
  readonly https: boolean
  readonly log: Log
  /** Where a client is, as far as the proxies can be trusted. */
  readonly clientAddress: (req: Request) => string
}

/** Who people are: registration, sign-in and out, and the account's own page. */
export function accountRoutes(options: AccountRoutesOptions): readonly Route<Account>[] {
  const parts = { ...options, attempts: createAttempts(options.limits), known: createKnownBrowsers(options) }
  return [
    { method: 'GET', path: '/register', who: 'anyone', session: 'optional', handler: showSignUp },
    {
      method: 'POST',
      path: '/register',
      who: 'anyone',
      session: 'required',
      handler: (visit) => register(parts, visit),
    },
    { method: 'GET', path: '/login', who: 'anyone', session: 'optional', handler: showSignIn },
    {
      method: 'POST',
      path: '/login',
      who: 'anyone',
      session: 'required',
      handler: (visit) => signInPerson(parts, visit),
    },
    { method: 'POST', path: '/logout', who: 'anyone', session: 'required', handler: (visit) => signOut(parts, visit) },
    { method: 'GET', path: '/account', who: 'customer', session: 'required', handler: showAccount },
    {
      method: 'POST',
      path: '/account/password',
      who: 'customer',
      session: 'required',
      handler: (visit) => changePassword(parts, visit),
    },
    { method: 'GET', path: '/api/session', who: 'anyone', session: 'required', handler: showSession },
  ]
}

import type { Request } from 'express'
import type { Limits } from '../http/limits.ts'
import type { Route } from '../http/routes.ts'
import type { Log } from '../runtime/log.ts'
import type { Directory } from '../sessions/operations/revoke.ts'
import type { Account, Accounts } from './accounts.ts'
import { showAccount } from './pages/account.ts'
import { changePassword } from './pages/change-password.ts'
import { showSession } from './pages/session-api.ts'
import { showSignIn, signInPerson } from './pages/sign-in.ts'
import { signOut } from './pages/sign-out.ts'
import { register, showSignUp } from './pages/sign-up.ts'
import { createKnownBrowsers } from './throttling/device-cookie.ts'
import { createAttempts } from './throttling/sign-in-limits.ts'

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

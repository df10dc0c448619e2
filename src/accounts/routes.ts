import { get, post, type Route } from '../http/routes.ts'
import type { Account } from './accounts.ts'
import { showAccount } from './pages/account.ts'
import { postChangePassword } from './pages/change-password.ts'
import { showSession } from './pages/session-api.ts'
import { postSignIn, showSignIn } from './pages/sign-in.ts'
import { postSignOut } from './pages/sign-out.ts'
import { postSignUp, showSignUp } from './pages/sign-up.ts'
import type { AccountRoutesOptions } from './routes-options.ts'
import { createDeviceCookies } from './throttling/device-cookie.ts'
import { createSignInLimits } from './throttling/sign-in-limits.ts'

/** Registration, sign-in and sign-out, and the account page. */
export function accountRoutes(options: AccountRoutesOptions): readonly Route<Account>[] {
  const deps = { ...options, limits: createSignInLimits(options.limits), devices: createDeviceCookies(options) }
  return [
    get('/register', 'anyone', 'optional', showSignUp),
    post('/register', 'anyone', 'required', (context) => postSignUp(deps, context)),
    get('/login', 'anyone', 'optional', showSignIn),
    post('/login', 'anyone', 'required', (context) => postSignIn(deps, context)),
    post('/logout', 'anyone', 'required', (context) => postSignOut(deps, context)),
    get('/account', 'customer', 'required', showAccount),
    post('/account/password', 'customer', 'required', (context) => postChangePassword(deps, context)),
    get('/api/session', 'anyone', 'required', showSession),
  ]
}

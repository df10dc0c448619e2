import type { RequestContext } from '../http/reply.ts'
import type { Log } from '../runtime/log.ts'
import type { Account } from './accounts.ts'
import { signIn } from './authentication.ts'
import type { DeviceCookies } from './throttling/device-cookie.ts'
import type { SignInLimits } from './throttling/sign-in-limits.ts'

export interface SignInDeps {
  readonly limits: SignInLimits
  readonly devices: DeviceCookies
  readonly log: Log
}

/** After the right credentials. The session is committed when it resolves. */
export async function completeSignIn(
  { devices, log }: Pick<SignInDeps, 'devices' | 'log'>,
  { req, res }: RequestContext<Account>,
  account: Account,
): Promise<void> {
  await signIn(req, account)
  devices.remember(req, res, account.email)
  log.info('signed in', { account: account.id })
}

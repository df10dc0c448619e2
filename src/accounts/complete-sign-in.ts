import type { Visit } from '../http/reply.ts'
import type { Log } from '../runtime/log.ts'
import type { Account } from './accounts.ts'
import { signIn } from './authentication.ts'
import type { KnownBrowsers } from './throttling/device-cookie.ts'
import type { Attempts } from './throttling/sign-in-limits.ts'

/** What it takes to let somebody in. */
export interface Newcomers {
  readonly attempts: Attempts
  readonly known: KnownBrowsers
  readonly log: Log
}

/** Signs in who has proven to be this person, and remembers the browser; the session is committed when it resolves. */
export async function welcome(
  { known, log }: Pick<Newcomers, 'known' | 'log'>,
  { req, res }: Visit<Account>,
  account: Account,
): Promise<void> {
  await signIn(req, account)
  known.remember(req, res, account.email)
  log.info('signed in', { account: account.id })
}

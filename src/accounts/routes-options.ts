import type { Request } from 'express'
import type { Limits } from '../http/limits.ts'
import type { Log } from '../runtime/log.ts'
import type { AccountSessions } from '../sessions/operations/accounts.ts'
import type { Accounts } from './accounts.ts'

export interface AccountRoutesOptions {
  readonly accounts: Accounts
  readonly accountSessions: AccountSessions
  readonly limits: Limits
  /** The secrets of the session cookie. They also sign the device cookie. */
  readonly secrets: readonly string[]
  /** Whether browsers use HTTPS. */
  readonly https: boolean
  readonly log: Log
  /** The client's address, as far as the proxies are trusted. */
  readonly clientAddress: (req: Request) => string
}

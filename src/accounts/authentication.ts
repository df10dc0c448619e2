import type { Request } from 'express'
import type { SessionData } from 'express-session'
import type { Access } from '../http/routes.ts'
import { forbidden, unauthenticated } from '../runtime/errors.ts'
import type { Account, Accounts } from './accounts.ts'

/** The account that a session claims, as of its sign-in. */
export interface Claim {
  readonly id: string
  readonly credentialsVersion: number
}

/**
 * The only code that reads the account of a session; undefined for a visitor. Where existing
 * sessions store it elsewhere (`session.user.id`, `session.passport.user`), read that here, too:
 * then the change signs no user out.
 */
export function claimOf(session: Partial<SessionData> | undefined): Claim | undefined {
  const { account, credentialsVersion = 0 } = session ?? {}
  return typeof account === 'string' ? { id: account, credentialsVersion } : undefined
}

/** null for a visitor, a disabled account, and an older credentials version. */
export async function authenticate(req: Request, accounts: Pick<Accounts, 'findById'>): Promise<Account | null> {
  const claim = claimOf(req.session)
  if (claim === undefined) return null
  const account = await accounts.findById(claim.id)
  return account?.disabledAt === null && account.credentialsVersion === claim.credentialsVersion ? account : null
}

/** Staff see customers' data: 30 minutes without activity, 12 hours at most. */
const STAFF_SESSION = { maxAge: 30 * 60_000, absoluteMaxAge: 12 * 3_600_000 }

/** Rotates the session id, which prevents session fixation. Keeps what the visitor had. */
export async function signIn(req: Request, account: Account): Promise<void> {
  await regenerate(req, account, false, { signedInAt: Date.now() })
  // A visitor has no row yet.
  await req.session.save()
}

/** Rejects with SessionEnded where the session has ended: a sign-out is final. */
export async function rotateId(req: Request, account: Account): Promise<void> {
  await regenerate(req, account, true)
}

async function regenerate(
  req: Request,
  { id, credentialsVersion, role }: Account,
  mustBeLive: boolean,
  fields: Partial<SessionData> = {},
): Promise<void> {
  const assign = { ...fields, account: id, credentialsVersion }
  await req.session.regenerate({ keep: true, mustBeLive, assign, ...(role === 'staff' && STAFF_SESSION) })
}

/** Throws AppError. Staff may use the customers' routes, too. */
export function authorize(user: Account | null, access: Access): void {
  if (access === 'anyone') return
  if (user === null) throw unauthenticated()
  if (access === 'staff' && user.role !== 'staff') throw forbidden()
}

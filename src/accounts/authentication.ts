import type { Request } from 'express'
import type { SessionData } from 'express-session'
import type { Access } from '../http/routes.ts'
import { forbidden, unauthenticated } from '../runtime/errors.ts'
import type { Account, Accounts } from './accounts.ts'

/** Whom a session says is signed in, and as of which credentials version of the account. */
export interface Claim {
  readonly id: string
  readonly credentialsVersion: number
}

/**
 * The one place that reads who is signed in out of a session; undefined for a visitor's. Where your existing sessions say it
 * elsewhere (`session.user.id`, `session.passport.user`), read that here as well, and nobody is signed out by the change.
 */
export function claimOf(session: Partial<SessionData> | undefined): Claim | undefined {
  const { account, credentialsVersion = 0 } = session ?? {}
  return typeof account === 'string' ? { id: account, credentialsVersion } : undefined
}

/** Who is signed in, role and all read fresh; null for a visitor, a disabled person, and a session of before a password change. */
export async function authenticate(req: Request, accounts: Pick<Accounts, 'findById'>): Promise<Account | null> {
  const claim = claimOf(req.session)
  if (claim === undefined) return null
  const account = await accounts.findById(claim.id)
  return account?.disabledAt === null && account.credentialsVersion === claim.credentialsVersion ? account : null
}

/** Staff see other people's data: half an hour without activity, twelve hours at most. */
const STAFF_SESSION = { maxAge: 30 * 60_000, absoluteMaxAge: 12 * 3_600_000 }

/** Signs somebody in, under a new session id: whoever planted the old one has nothing. What the visitor had is kept. */
export async function signIn(req: Request, account: Account): Promise<void> {
  await regenerate(req, account, false, { signedInAt: Date.now() })
  // A visitor without a row has one from here on.
  await req.session.save()
}

/** Whoever is signed in goes on under a new id, with the account's present credentials version. Rejects where the session ended meanwhile: signing out is final. */
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

/** Throws where this person may not come. Staff may go wherever customers go. */
export function authorize(user: Account | null, access: Access): void {
  if (access === 'anyone') return
  if (user === null) throw unauthenticated()
  if (access === 'staff' && user.role !== 'staff') throw forbidden()
}

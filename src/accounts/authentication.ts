import type { Request } from 'express'
import type { SessionData } from 'express-session'
import type { Who } from '../http/routes.ts'
import { forbidden, unauthenticated } from '../runtime/errors.ts'
import type { Account, Accounts } from './accounts.ts'

/** Whom a session says is signed in, and as of which generation of the account. */
export interface Claim {
  readonly id: string
  readonly generation: number
}

/**
 * The one place that reads who is signed in out of a session; undefined for a visitor's. Where your existing sessions say it
 * elsewhere (`session.user.id`, `session.passport.user`), read that here as well, and nobody is signed out by the change.
 */
export function accountOf(session: Partial<SessionData> | undefined): Claim | undefined {
  const { account, generation = 0 } = session ?? {}
  return typeof account === 'string' ? { id: account, generation } : undefined
}

/** Who is signed in, role and all read fresh; null for a visitor, a disabled person, and a session of before a password change. */
export async function identify(req: Request, accounts: Pick<Accounts, 'find'>): Promise<Account | null> {
  const claim = accountOf(req.session)
  if (claim === undefined) return null
  const account = await accounts.find(claim.id)
  return account?.disabledAt === null && account.generation === claim.generation ? account : null
}

/** Staff see other people's data: half an hour without activity, twelve hours at most. */
const STAFF_SESSION = { maxAge: 30 * 60_000, absoluteMaxAge: 12 * 3_600_000 }

/** Signs somebody in, under a new session id: whoever planted the old one has nothing. What the visitor had is kept. */
export async function signIn(req: Request, account: Account): Promise<void> {
  await renewId(req, account, false, { signedInAt: Date.now() })
  // A visitor without a row has one from here on.
  await req.session.save()
}

/** Whoever is signed in goes on under a new id, with the account's present generation. Rejects where the session ended meanwhile: signing out is final. */
export async function renew(req: Request, account: Account): Promise<void> {
  await renewId(req, account, true)
}

async function renewId(
  req: Request,
  { id, generation, role }: Account,
  live: boolean,
  more: Partial<SessionData> = {},
): Promise<void> {
  const assign = { ...more, account: id, generation }
  await req.session.regenerate({ keep: true, live, assign, ...(role === 'staff' && STAFF_SESSION) })
}

/** Throws where this person may not come. Staff may go wherever customers go. */
export function admit(person: Account | null, who: Who): void {
  if (who === 'anyone') return
  if (person === null) throw unauthenticated()
  if (who === 'staff' && person.role !== 'staff') throw forbidden()
}

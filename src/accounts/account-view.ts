import type { Account, Role } from './accounts.ts'

export interface AccountView {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
}

export function accountView({ id, name, email, role }: Account): AccountView {
  return { id, name, email, role }
}

/** The page after a sign-in without a return path. */
export function homePathOf({ role }: Account): string {
  return role === 'staff' ? '/staff' : '/account'
}

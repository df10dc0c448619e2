import type { Account, Role } from './accounts.ts'

/** What of an account goes out in JSON. */
export interface AccountView {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
}

export function accountView({ id, name, email, role }: Account): AccountView {
  return { id, name, email, role }
}

/** Where somebody lands who was on the way to nowhere in particular. */
export function homePathOf({ role }: Account): string {
  return role === 'staff' ? '/staff' : '/account'
}

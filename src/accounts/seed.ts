import type { Accounts, NewAccount } from './accounts.ts'

/** It is public, and no form would accept it. */
const DEMO_PASSWORD = 'roundhouse-demo-1'

/** Two customers and a member of staff. Never in production. */
export const DEMO_ACCOUNTS: readonly NewAccount[] = [
  { email: 'ada@example.com', name: 'Ada', role: 'customer', password: DEMO_PASSWORD },
  { email: 'bea@example.com', name: 'Bea', role: 'customer', password: DEMO_PASSWORD },
  { email: 'sten@example.com', name: 'Sten', role: 'staff', password: DEMO_PASSWORD },
]

/** Adds the missing accounts, and changes none. Several may run at once. */
export async function seedAccounts(accounts: Pick<Accounts, 'create' | 'findByEmail'>): Promise<void> {
  for (const account of DEMO_ACCOUNTS)
    if ((await accounts.findByEmail(account.email)) === null) await accounts.create(account)
}

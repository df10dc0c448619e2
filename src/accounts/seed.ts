import type { Accounts, NewAccount } from './accounts.ts'

/** Anybody can read it here, and it holds the site's own word: no form would take it, so it is added past them. */
const DEMO_PASSWORD = 'roundhouse-demo-1'

/** Two customers and one of the staff, for a first look; never in production. */
export const DEMO_PEOPLE: readonly NewAccount[] = [
  { email: 'ada@example.com', name: 'Ada', role: 'customer', password: DEMO_PASSWORD },
  { email: 'bea@example.com', name: 'Bea', role: 'customer', password: DEMO_PASSWORD },
  { email: 'sten@example.com', name: 'Sten', role: 'staff', password: DEMO_PASSWORD },
]

/** Adds who is missing; who is there stays as they are, with the password that they chose since. Safe to run twice, and at once. */
export async function seedAccounts(accounts: Pick<Accounts, 'create' | 'findByEmail'>): Promise<void> {
  for (const person of DEMO_PEOPLE)
    if ((await accounts.findByEmail(person.email)) === null) await accounts.create(person)
}

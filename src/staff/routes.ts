import type { Account } from '../accounts/accounts.ts'
import { get, type Route } from '../http/routes.ts'
import { type OverviewOptions, showOverview } from './overview.ts'

export function staffRoutes(options: OverviewOptions): readonly Route<Account>[] {
  return [get('/staff', 'staff', 'required', (context) => showOverview(options, context))]
}

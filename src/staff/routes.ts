import type { Account } from '../accounts/accounts.ts'
import type { Route } from '../http/routes.ts'
import { type OverviewOptions, showOverview } from './overview.ts'

/** The console; customers may not come. */
export function staffRoutes(options: OverviewOptions): readonly Route<Account>[] {
  return [
    {
      method: 'GET',
      path: '/staff',
      who: 'staff',
      session: 'required',
      handler: (visit) => showOverview(options, visit),
    },
  ]
}

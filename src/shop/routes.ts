import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import type { Route } from '../http/routes.ts'
import { changeBasket } from './basket-items.ts'
import { showBasket } from './basket-page.ts'
import { showCatalogue } from './catalogue.ts'

export interface ShopOptions {
  readonly pool: Pool
}

/** The sample business: replace this folder with yours. */
export function shopRoutes({ pool }: ShopOptions): readonly Route<Account>[] {
  return [
    {
      method: 'GET',
      path: '/shop',
      who: 'anyone',
      session: 'optional',
      handler: (visit) => showCatalogue(pool, visit),
    },
    { method: 'GET', path: '/basket', who: 'anyone', session: 'required', handler: (visit) => showBasket(pool, visit) },
    {
      method: 'POST',
      path: '/basket/items',
      who: 'anyone',
      session: 'required',
      handler: (visit) => changeBasket(pool, visit),
    },
  ]
}

import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { get, post, type Route } from '../http/routes.ts'
import { changeBasket } from './basket-items.ts'
import { showBasket } from './basket-page.ts'
import { showCatalogue } from './catalogue.ts'

export interface ShopOptions {
  readonly pool: Pool
}

/** The sample business: replace this folder with yours. */
export function shopRoutes({ pool }: ShopOptions): readonly Route<Account>[] {
  return [
    get('/shop', 'anyone', 'optional', (context) => showCatalogue(pool, context)),
    get('/basket', 'anyone', 'required', (context) => showBasket(pool, context)),
    post('/basket/items', 'anyone', 'required', (context) => changeBasket(pool, context)),
  ]
}

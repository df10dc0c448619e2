import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { type RequestContext, reply } from '../http/reply.ts'
import { type Basket, billBasket, MAX_QUANTITY, readBasket } from './basket.ts'
import { formatPrice } from './price.ts'

/** GET /basket: a form for every line. */
export async function showBasket(pool: Pool, context: RequestContext<Account>): Promise<void> {
  const basket = readBasket(context.req.session)
  reply(context, { ...(await basketPage(pool, basket)), json: { basket } })
}

/** Also shown after a refused change, with `typed`. */
export async function basketPage(pool: Pool, basket: Basket, typed: Readonly<Record<string, string>> = {}) {
  const { lines, total } = await billBasket(pool, basket)
  return {
    view: 'shop/basket',
    data: { lines, total, most: MAX_QUANTITY, formatPrice, typed, fields: {}, message: '' },
  }
}

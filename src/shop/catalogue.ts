import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { type RequestContext, reply } from '../http/reply.ts'
import { formatPrice } from './price.ts'
import { listProducts, type Product } from './products.ts'

export async function showCatalogue(pool: Pool, context: RequestContext<Account>): Promise<void> {
  const products = await listProducts(pool)
  const shelves = Map.groupBy(products, (product) => product.shelf)
  const json = { products: products.map(summary) }
  reply(context, { view: 'shop/catalogue', data: { shelves, formatPrice }, json })
}

function summary({ id, name, price, stock }: Product) {
  return { id, name, price, stock }
}

import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { reply, type Visit } from '../http/reply.ts'
import { showPrice } from './price.ts'
import { listProducts, type Product } from './products.ts'

/** GET /shop: everything that is sold, shelf by shelf. */
export async function showCatalogue(pool: Pool, visit: Visit<Account>): Promise<void> {
  const products = await listProducts(pool)
  const shelves = Map.groupBy(products, (product) => product.shelf)
  const json = { products: products.map(summary) }
  reply(visit, { view: 'shop/catalogue', data: { shelves, showPrice }, json })
}

function summary({ id, name, price, stock }: Product) {
  return { id, name, price, stock }
}

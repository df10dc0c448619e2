import type { Pool } from '../database/pool.ts'

export interface Product {
  readonly id: string
  readonly name: string
  /** Shown below the name: weight, origin. */
  readonly note: string
  /** Products are listed by shelf. */
  readonly shelf: string
  /** In cents. */
  readonly price: number
  readonly stock: number
}

const COLUMNS = 'id, name, note, shelf, price, stock'

/** Sorted by shelf. */
export async function listProducts(pool: Pool): Promise<Product[]> {
  const { rows } = await pool.query<Product>(`SELECT ${COLUMNS} FROM product ORDER BY shelf, name, id`)
  return rows
}

/** The existing ones of `ids`, in the order of the shop. */
export async function findProducts(pool: Pool, ids: readonly string[]): Promise<Product[]> {
  if (ids.length === 0) return []
  const { rows } = await pool.query<Product>(
    `SELECT ${COLUMNS} FROM product WHERE id = ANY($1::text[]) ORDER BY shelf, name, id`,
    [ids],
  )
  return rows
}

export async function addProducts(pool: Pool, products: readonly Product[]): Promise<void> {
  await pool.query(
    `INSERT INTO product (${COLUMNS})
     SELECT ${COLUMNS} FROM jsonb_to_recordset($1::jsonb)
         AS fresh (id text, name text, note text, shelf text, price integer, stock integer)
     ON CONFLICT (id) DO NOTHING`,
    [JSON.stringify(products)],
  )
}

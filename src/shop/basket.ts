import type { SessionData } from 'express-session'
import type { Pool } from '../database/pool.ts'
import { findProducts, type Product } from './products.ts'

/** Product id → how many, 1 to 99. */
export type Basket = Readonly<Record<string, number>>

declare module 'express-session' {
  interface SessionData {
    basket?: Record<string, number>
  }
}

export const MAX_QUANTITY = 99
/** The session is read at every request, so the basket must stay small. */
export const MAX_PRODUCTS = 50

/** Ignores invalid entries, as in a session of another application. */
export function readBasket(session: Pick<SessionData, 'basket'> | undefined): Basket {
  const stored: unknown = session?.basket
  if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return {}
  return Object.fromEntries(Object.entries(stored).filter(([, quantity]) => isQuantity(quantity)))
}

/** The sum of the quantities. */
export function countBasket(basket: Basket): number {
  return Object.values(basket).reduce((sum, quantity) => sum + quantity, 0)
}

export function quantityOf(basket: Basket, product: string): number {
  return Object.hasOwn(basket, product) ? (basket[product] ?? 0) : 0
}

/** 0 removes the product. */
export function withQuantity(basket: Basket, product: string, quantity: number): Record<string, number> {
  const others = Object.entries(basket).filter(([id]) => id !== product)
  return Object.fromEntries(quantity === 0 ? others : [...others, [product, quantity]])
}

export interface Line {
  readonly id: string
  readonly quantity: number
  /** Absent for a product that is no longer sold. */
  readonly product: Product | undefined
}

/** In the order of the shop, products that are no longer sold last. `total` in cents. */
export async function billBasket(pool: Pool, basket: Basket): Promise<{ lines: Line[]; total: number }> {
  const products = await findProducts(pool, Object.keys(basket))
  const sold = products.map((product) => ({ id: product.id, quantity: quantityOf(basket, product.id), product }))
  const gone = Object.entries(basket)
    .filter(([id]) => !products.some((product) => product.id === id))
    .map(([id, quantity]) => ({ id, quantity, product: undefined }))
  return { lines: [...sold, ...gone], total: sold.reduce((sum, line) => sum + line.quantity * line.product.price, 0) }
}

function isQuantity(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_QUANTITY
}

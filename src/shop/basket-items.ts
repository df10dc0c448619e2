import type { Request } from 'express'
import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { readForm, text, typedText } from '../http/form.ts'
import { type RequestContext, renderInvalid, seeOther } from '../http/reply.ts'
import { z } from '../runtime/zod.ts'
import { updateSession } from '../sessions/request/session-object.ts'
import { type Basket, MOST_OF_ONE, MOST_PRODUCTS, quantityOf, readBasket, withQuantity } from './basket.ts'
import { basketPage } from './basket-page.ts'
import { findProducts } from './products.ts'

/** POST /basket/items: `product` with `quantity` (absolute, 0 removes) or `add` (relative). */
export async function changeBasket(pool: Pool, context: RequestContext<Account>): Promise<void> {
  const { req } = context
  const form = readForm(ITEM, req.body)
  if (!form.ok) return refuseChange(pool, context, form.fields)
  const basket = readBasket(req.session)
  const { product } = form.value
  const quantity = form.value.quantity ?? quantityOf(basket, product) + (form.value.add ?? 0)
  const fields = await faults(pool, basket, { product, quantity })
  if (fields) return refuseChange(pool, context, fields)
  if (quantity !== quantityOf(basket, product)) await put(req, product, form.value)
  seeOther(context, '/basket', { json: { basket: readBasket(req.session) } })
}

/** `add` counts on top of another tab's change. `quantity` replaces it. */
async function put(
  req: Request,
  product: string,
  { quantity, add }: { quantity?: number | undefined; add?: number | undefined },
) {
  await updateSession(req, (draft) => {
    const basket = readBasket(draft)
    draft.basket = withQuantity(
      basket,
      product,
      quantity ?? Math.min(MOST_OF_ONE, quantityOf(basket, product) + (add ?? 0)),
    )
  })
}

/** An error for the user; undefined where the quantity is fine. Removing is always possible. */
async function faults(pool: Pool, basket: Basket, wanted: { product: string; quantity: number }) {
  if (wanted.quantity === 0 && Object.hasOwn(basket, wanted.product)) return undefined
  if (wanted.quantity > MOST_OF_ONE) return { quantity: `${MOST_OF_ONE} of one product at most.` }
  const [known] = await findProducts(pool, [wanted.product])
  if (!known) return { product: 'This product is not sold here.' }
  const full = !Object.hasOwn(basket, wanted.product) && Object.keys(basket).length >= MOST_PRODUCTS
  return full ? { product: `A basket holds ${MOST_PRODUCTS} different products at most.` } : undefined
}

async function refuseChange(pool: Pool, context: RequestContext<Account>, fields: Readonly<Record<string, string>>) {
  const page = await basketPage(pool, readBasket(context.req.session), typedText(context.req.body))
  renderInvalid(context, { status: 400, message: Object.values(fields).join(' '), fields, ...page })
}

const ITEM = z
  .object({ product: text('Product', { most: 60 }), quantity: whole('Quantity', 0), add: whole('Add', 1) })
  .refine(({ quantity, add }) => quantity !== undefined || add !== undefined, {
    path: ['quantity'],
    message: 'Quantity is missing.',
  })
  .refine(({ quantity, add }) => quantity === undefined || add === undefined, {
    path: ['quantity'],
    message: 'Give either a quantity or how many to add.',
  })

/** A whole number up to 99, from a form or JSON; undefined where the field is missing. */
function whole(label: string, least: number) {
  const complaint = `${label} must be a whole number from ${least} to ${MOST_OF_ONE}.`
  const digits = z
    .string()
    .regex(/^[0-9]{1,2}$/)
    .transform(Number)
  return z
    .union([digits, z.number()], complaint)
    .refine((value) => Number.isInteger(value) && value >= least && value <= MOST_OF_ONE, complaint)
    .optional()
}

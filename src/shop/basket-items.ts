import type { Request } from 'express'
import type { Account } from '../accounts/accounts.ts'
import type { Pool } from '../database/pool.ts'
import { readForm, text, typedText } from '../http/form.ts'
import { type RequestContext, renderInvalid, seeOther } from '../http/reply.ts'
import { z } from '../runtime/zod.ts'
import { updateSession } from '../sessions/request/session-object.ts'
import { type Basket, MAX_PRODUCTS, MAX_QUANTITY, quantityOf, readBasket, withQuantity } from './basket.ts'
import { basketPage } from './basket-page.ts'
import { findProducts } from './products.ts'

/** POST /basket/items: `product` with `quantity` (absolute, 0 removes) or `add` (relative). */
export async function changeBasket(pool: Pool, context: RequestContext<Account>): Promise<void> {
  const { req } = context
  const form = readForm(ITEM, req.body)
  if (!form.ok) return renderInvalidChange(pool, context, form.fields)
  const basket = readBasket(req.session)
  const { product } = form.value
  const quantity = form.value.quantity ?? quantityOf(basket, product) + (form.value.add ?? 0)
  const fields = await errors(pool, basket, { product, quantity })
  if (fields) return renderInvalidChange(pool, context, fields)
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
      quantity ?? Math.min(MAX_QUANTITY, quantityOf(basket, product) + (add ?? 0)),
    )
  })
}

/** An error for the user; undefined where the quantity is fine. Removing is always possible. */
async function errors(pool: Pool, basket: Basket, wanted: { product: string; quantity: number }) {
  if (wanted.quantity === 0 && Object.hasOwn(basket, wanted.product)) return undefined
  if (wanted.quantity > MAX_QUANTITY) return { quantity: `${MAX_QUANTITY} of one product at most.` }
  const [product] = await findProducts(pool, [wanted.product])
  if (!product) return { product: 'This product is not sold here.' }
  const full = !Object.hasOwn(basket, wanted.product) && Object.keys(basket).length >= MAX_PRODUCTS
  return full ? { product: `A basket holds ${MAX_PRODUCTS} different products at most.` } : undefined
}

async function renderInvalidChange(
  pool: Pool,
  context: RequestContext<Account>,
  fields: Readonly<Record<string, string>>,
) {
  const page = await basketPage(pool, readBasket(context.req.session), typedText(context.req.body))
  renderInvalid(context, { status: 400, message: Object.values(fields).join(' '), fields, ...page })
}

const ITEM = z
  .object({ product: text('Product', { maxLength: 60 }), quantity: whole('Quantity', 0), add: whole('Add', 1) })
  .refine(({ quantity, add }) => quantity !== undefined || add !== undefined, {
    path: ['quantity'],
    message: 'Quantity is missing.',
  })
  .refine(({ quantity, add }) => quantity === undefined || add === undefined, {
    path: ['quantity'],
    message: 'Give either a quantity or how many to add.',
  })

/** A whole number up to 99, from a form or JSON; undefined where the field is missing. */
function whole(label: string, min: number) {
  const errorFor = `${label} must be a whole number from ${min} to ${MAX_QUANTITY}.`
  const digits = z
    .string()
    .regex(/^[0-9]{1,2}$/)
    .transform(Number)
  return z
    .union([digits, z.number()], errorFor)
    .refine((value) => Number.isInteger(value) && value >= min && value <= MAX_QUANTITY, errorFor)
    .optional()
}

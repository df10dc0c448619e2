import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { RequestOptions } from '../../../test-support/http-client.ts'
import { describeResponse, expect, json, type Response } from './response.ts'
import type { Visitor } from './visitor.ts'

export interface Credentials {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** What `GET /api/session` answers. */
export interface SessionView {
  readonly signedIn: boolean
  readonly account: { readonly id: string; readonly name: string; readonly email: string; readonly role: string } | null
  readonly basket: Readonly<Record<string, number>>
  readonly expiresAt: string | null
  readonly replica: string
}

/** The accounts that `npm run seed` creates. */
export const DEMO_PASSWORD = 'roundhouse-demo-1'
export const ADA: Credentials = { name: 'Ada', email: 'ada@example.com', password: DEMO_PASSWORD }
export const BEA: Credentials = { name: 'Bea', email: 'bea@example.com', password: DEMO_PASSWORD }
export const STEN: Credentials = { name: 'Sten', email: 'sten@example.com', password: DEMO_PASSWORD }

/** Every password used here contains one of these texts, which no log may hold. */
export const PASSWORDS: readonly string[] = [DEMO_PASSWORD, 'over water', 'over deep water']

/** Credentials of a new account; unique texts, so that the logs can be searched for them. */
export function freshCredentials(name: string): Credentials {
  const email = `${name.toLowerCase().replace(/\W.*/, '')}.${randomBytes(5).toString('hex')}@example.com`
  return { name, email, password: `lantern ${randomBytes(9).toString('hex')} over water` }
}

/** Registers, which signs in. */
export async function register(
  visitor: Visitor,
  credentials = freshCredentials(visitor.name),
  options: RequestOptions = {},
): Promise<Credentials> {
  expect(await visitor.post('/register', { ...credentials }, options), 303)
  return credentials
}

export async function signIn(
  visitor: Visitor,
  { email, password }: Omit<Credentials, 'name'>,
  options: RequestOptions = {},
): Promise<Response> {
  return expect(await visitor.post('/login', { email, password }, options), 303)
}

export async function signOut(visitor: Visitor, options: RequestOptions = {}): Promise<Response> {
  return expect(await visitor.post('/logout', {}, options), 303)
}

/** The fields of the form that changes this password, and the new password. */
export function passwordChange({ password }: Credentials) {
  return { current: password, password: `${password} anew` }
}

export async function sessionOf(visitor: Visitor): Promise<SessionView> {
  return json<SessionView>(expect(await visitor.get('/api/session', { json: true }), 200))
}

/** The ids of the products in the shop. */
export async function productsOf(visitor: Visitor): Promise<readonly string[]> {
  const { products } = json<{ products: { id: string | number }[] }>(await visitor.get('/shop', { json: true }))
  assert.ok(products.length > 0, 'the shop has products (seed)')
  return products.map(({ id }) => String(id))
}

export async function putInBasket(visitor: Visitor, product: string, quantity: number): Promise<Response> {
  return expect(await visitor.post('/basket/items', { product, quantity }), 303)
}

/** Puts the first product into the basket; its id. */
export async function fillBasket(visitor: Visitor, quantity: number): Promise<string> {
  const [product = ''] = await productsOf(visitor)
  await putInBasket(visitor, product, quantity)
  return product
}

export async function expectBasket(visitor: Visitor, basket: SessionView['basket']): Promise<Response> {
  const response = expect(await visitor.get('/api/session', { json: true }), 200)
  const message = describeResponse(response, 'another basket was expected')
  assert.deepEqual(json<SessionView>(response).basket, basket, message)
  return response
}

/** Fails unless `GET /api/session` and the account page know the browser as signed in. */
export async function expectSignedIn(visitor: Visitor, email: string): Promise<Response> {
  const response = expect(await visitor.get('/api/session', { json: true }), 200)
  const { signedIn, account } = json<SessionView>(response)
  const message = describeResponse(response, `${visitor.name} should be signed in as ${email}`)
  assert.ok(signedIn && account?.email === email, message)
  return expect(await visitor.get('/account'), 200)
}

/** Fails unless `GET /api/session` has no account, and the account page redirects to sign in. */
export async function expectVisitor(visitor: Visitor): Promise<Response> {
  const response = expect(await visitor.get('/api/session', { json: true }), 200)
  const { signedIn, account } = json<SessionView>(response)
  assert.ok(!signedIn && account === null, describeResponse(response, `${visitor.name} should be a visitor`))
  const page = expect(await visitor.get('/account'), 303)
  assert.match(String(page.headers.location), /^\/login/, describeResponse(page, 'the way to sign in was expected'))
  return page
}

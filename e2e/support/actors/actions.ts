import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { RequestOptions } from '../../../test-support/http-client.ts'
import { describeResponse, expect, json, type Response } from './response.ts'
import type { Visitor } from './visitor.ts'

/** Who somebody is on the site. */
export interface Credentials {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** What `GET /api/session` says. */
export interface SessionView {
  readonly signedIn: boolean
  readonly account: { readonly id: string; readonly name: string; readonly email: string; readonly role: string } | null
  readonly basket: Readonly<Record<string, number>>
  readonly expiresAt: string | null
  readonly replica: string
}

/** The people whom `seed` makes. */
export const DEMO_PASSWORD = 'roundhouse-demo-1'
export const ADA: Credentials = { name: 'Ada', email: 'ada@example.com', password: DEMO_PASSWORD }
export const BEA: Credentials = { name: 'Bea', email: 'bea@example.com', password: DEMO_PASSWORD }
export const STEN: Credentials = { name: 'Sten', email: 'sten@example.com', password: DEMO_PASSWORD }

/** What every password used here contains: no log may. */
export const PASSWORDS: readonly string[] = [DEMO_PASSWORD, 'over water', 'over deep water']

/** Credentials that nobody else has, and whose texts stand nowhere else: a grep for them is meaningful. */
export function freshCredentials(name: string): Credentials {
  const email = `${name.toLowerCase().replace(/\W.*/, '')}.${randomBytes(5).toString('hex')}@example.com`
  return { name, email, password: `lantern ${randomBytes(9).toString('hex')} over water` }
}

/** Registers with fresh credentials, which signs in. */
export async function register(visitor: Visitor, who = freshCredentials(visitor.name)): Promise<Credentials> {
  expect(await visitor.post('/register', { ...who }), 303)
  return who
}

export async function signIn(
  visitor: Visitor,
  { email, password }: Omit<Credentials, 'name'>,
  extras: RequestOptions = {},
): Promise<Response> {
  return expect(await visitor.post('/login', { email, password }, extras), 303)
}

export async function signOut(visitor: Visitor): Promise<Response> {
  return expect(await visitor.post('/logout', {}), 303)
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

/** Fails unless this browser is signed in as this address, told by `GET /api/session` and by the page itself. */
export async function expectSignedIn(visitor: Visitor, email: string): Promise<Response> {
  const answer = expect(await visitor.get('/api/session', { json: true }), 200)
  const { signedIn, account } = json<SessionView>(answer)
  assert.ok(
    signedIn && account?.email === email,
    describeResponse(answer, `${visitor.name} should be signed in as ${email}`),
  )
  return expect(await visitor.get('/account'), 200)
}

/** Fails unless this browser is a visitor's: nobody by `GET /api/session`, sent to sign in by the page. */
export async function expectVisitor(visitor: Visitor): Promise<Response> {
  const answer = expect(await visitor.get('/api/session', { json: true }), 200)
  const { signedIn, account } = json<SessionView>(answer)
  assert.ok(!signedIn && account === null, describeResponse(answer, `${visitor.name} should be a visitor`))
  const page = expect(await visitor.get('/account'), 303)
  assert.match(String(page.headers.location), /^\/login/, describeResponse(page, 'the way to sign in was expected'))
  return page
}

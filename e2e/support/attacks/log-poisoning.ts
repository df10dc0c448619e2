import { randomBytes } from 'node:crypto'
import { sendRaw } from '../../../test-support/raw-http.ts'
import {
  type Credentials,
  freshCredentials,
  productsOf,
  putInBasket,
  register,
  signIn,
  signOut,
} from '../actors/actions.ts'
import { expect } from '../actors/response.ts'
import type { ClusterFixture } from '../fixture.ts'
import { signCookie } from './sign-cookie.ts'

/** What a client writes that would like to begin a line of its own. */
export const MARK = 'forged-line-of-a-client'
const ESCAPE = '\u001b[31mred\u001b[0m'
const PAGES = [
  '/',
  '/account',
  '/shop',
  '/basket',
  '/api/session',
  '/staff',
  '/nothing',
  '/livez',
  '/login',
  '/register',
]
const JSON_BODY = { headers: { 'content-type': 'application/json' } }

/** Somebody who does everything that the site offers; with whom as who they are. */
export async function everythingOnce({ person }: ClusterFixture, who: Credentials): Promise<void> {
  const ada = person('Ada')
  const [product = ''] = await productsOf(ada)
  await putInBasket(ada, product, 2)
  await register(ada, who)
  for (const path of PAGES) await ada.get(path)
  const password = `${who.password} anew`
  expect(await ada.post('/account/password', { current: who.password, password }), 303)
  await signOut(ada)
  await signIn(ada, { ...who, password })
  expect(await ada.post('/register', { ...who }), 409)
}

/** Wrong passwords in all the places where somebody could put one. */
export async function wrongPasswords({ person }: ClusterFixture, { email, password }: Credentials): Promise<void> {
  const vic = person('Vic')
  for (const json of [true, false]) expect(await vic.post('/login', { email, password }, { json }), 401)
  await vic.send('POST', '/login', `{"email":"${email}","password":"${password}"`, JSON_BODY)
  await vic.get(`/login?next=/basket&email=${email}&password=${encodeURIComponent(password)}`)
  await vic.post('/login', { email: [email], password: { password } }, { json: true })
  await vic.post('/register', { name: password, email, password: 'short' })
}

/** Cookies that are forged, and one that is signed but unknown. */
export async function forgedCookies({ person }: ClusterFixture, secret: string): Promise<void> {
  const sid = randomBytes(24).toString('base64url')
  for (const value of [`s%3A${sid}.${randomBytes(32).toString('base64url')}`, signCookie(sid, secret)]) {
    const vic = person('Vic with a forged cookie')
    vic.jar.set('sid', value)
    for (const path of ['/account', '/api/session', '/basket']) await vic.get(path)
    await vic.post('/basket/items', { product: ESCAPE, quantity: 1 })
  }
}

/** Heads that try to write into a log. */
export async function writersIntoLogs(url: string): Promise<void> {
  for (const line of HEADERS) await ask(url, `GET /?${MARK} HTTP/1.1`, line)
  for (const target of TARGETS) await ask(url, `GET ${target} HTTP/1.1`, 'X-Plain: yes')
  await ask(url, `${ESCAPE} / HTTP/1.1`, 'X-Plain: yes')
}

const HEADERS = [
  `User-Agent: ${ESCAPE}`,
  `Referer: http://x/${ESCAPE}`,
  `X-Request-Id: x"}\t${ESCAPE}`,
  `X-Request-Id: ${'9'.repeat(300)}`,
  `X-Forwarded-For: ${ESCAPE}, 1.2.3.4`,
  `X-Real-IP: a\r ${MARK}`,
  `Host: x${ESCAPE}`,
  `Cookie: sid=${ESCAPE}`,
]
const TARGETS = [`/%0a${MARK}`, `/%0d%0a${MARK}%1b[31m`, '/%E2%80%A8', '/%C2%9B31m', `/${ESCAPE}`, '/\u0080\u009b31m']

async function ask(url: string, request: string, header: string): Promise<void> {
  await sendRaw(url, `${request}\r\nHost: here\r\n${header}\r\nConnection: close\r\n\r\n`)
}

/** Credentials whose texts are looked for in the logs afterwards. */
export function remembered(secrets: Map<string, string>): Credentials {
  const who = freshCredentials('Ada')
  secrets.set(`a password (${secrets.size})`, who.password).set(`an address (${secrets.size})`, who.email)
  return who
}

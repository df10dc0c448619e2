import { randomBytes } from 'node:crypto'
import { sendRaw } from '../../../test-support/raw-http.ts'
import {
  type Credentials,
  fillBasket,
  freshCredentials,
  passwordChange,
  register,
  signIn,
  signOut,
} from '../actors/actions.ts'
import { expect } from '../actors/response.ts'
import type { ClusterFixture } from '../fixture.ts'
import { signCookie } from './cookies.ts'

/** Part of the requests that try to begin a line of a log. */
export const MARK = 'forged-line-of-a-client'
const ESCAPE = '\u001b[31mred\u001b[0m'
const PAGES = '/ /account /shop /basket /api/session /staff /nothing /livez /login /register'.split(' ')
const JSON_BODY = { headers: { 'content-type': 'application/json' } }
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

/** Makes one visitor with these credentials use everything that the site offers. */
export async function useWholeSite({ person }: ClusterFixture, credentials: Credentials): Promise<void> {
  const ada = person('Ada')
  await fillBasket(ada, 2)
  await register(ada, credentials)
  for (const path of PAGES) await ada.get(path)
  const change = passwordChange(credentials)
  expect(await ada.post('/account/password', change), 303)
  await signOut(ada)
  await signIn(ada, { ...credentials, password: change.password })
  expect(await ada.post('/register', { ...credentials }), 409)
}

/** Sends a password wherever a client could put one. */
export async function sendPasswords({ person }: ClusterFixture, { email, password }: Credentials): Promise<void> {
  const vic = person('Vic')
  for (const json of [true, false]) expect(await vic.post('/login', { email, password }, { json }), 401)
  await vic.send('POST', '/login', `{"email":"${email}","password":"${password}"`, JSON_BODY)
  await vic.get(`/login?next=/basket&email=${email}&password=${encodeURIComponent(password)}`)
  await vic.post('/login', { email: [email], password: { password } }, { json: true })
  await vic.post('/register', { name: password, email, password: 'short' })
}

/** Sends a forged cookie, and a signed one of an unknown session. */
export async function sendForgedCookies({ person }: ClusterFixture, secret: string): Promise<void> {
  const sid = randomBytes(24).toString('base64url')
  for (const value of [`s%3A${sid}.${randomBytes(32).toString('base64url')}`, signCookie(sid, secret)]) {
    const vic = person('Vic with a forged cookie')
    vic.jar.set('sid', value)
    for (const path of ['/account', '/api/session', '/basket']) await vic.get(path)
    await vic.post('/basket/items', { product: ESCAPE, quantity: 1 })
  }
}

/** Sends request heads with line breaks and escape codes. */
export async function sendControlCharacters(url: string): Promise<void> {
  for (const header of HEADERS) await sendHead(url, `GET /?${MARK} HTTP/1.1`, header)
  for (const target of TARGETS) await sendHead(url, `GET ${target} HTTP/1.1`, 'X-Plain: yes')
  await sendHead(url, `${ESCAPE} / HTTP/1.1`, 'X-Plain: yes')
}

async function sendHead(url: string, request: string, header: string): Promise<void> {
  await sendRaw(url, `${request}\r\nHost: here\r\n${header}\r\nConnection: close\r\n\r\n`)
}

/** Fresh credentials, whose password and address are added to the secrets. */
export function secretCredentials(secrets: Map<string, string>): Credentials {
  const credentials = freshCredentials('Ada')
  secrets
    .set(`a password (${secrets.size})`, credentials.password)
    .set(`an address (${secrets.size})`, credentials.email)
  return credentials
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { expect } from '../people/answer.ts'
import { freshCredentials, productsOf, putInBasket, register, signIn, signOut } from '../people/errands.ts'
import { partsOf, signedCookie } from '../people/forger.ts'
import { found, hasControl, type Line, linesOf } from '../people/grep.ts'
import type { Visitor } from '../people/visitor.ts'
import { overTheWire } from '../people/wire.ts'
import { setStage } from './stage.ts'

const SECRETS = [randomBytes(24).toString('hex'), randomBytes(24).toString('hex')] as const
const stage = setStage({
  keepalive: 0,
  environment: { SESSION_SECRET: SECRETS.join(','), LOG_FORMAT: 'json', LOG_LEVEL: 'debug' },
})
const { scenario, person } = stage
/** What must not be found in any log, by what it is. */
const secrets = new Map<string, string>(SECRETS.map((secret, number) => [`session secret ${number + 1}`, secret]))
const ESCAPE = '\u001b[31mred\u001b[0m'
const MARK = 'forged-line-of-a-client'
let lines: readonly Line[] = []

scenario('all kinds of requests are made', async () => {
  await wellMeant()
  await wrongPasswords()
  await forgedCookies()
  await stage.cluster.restartPostgres('immediate')
  for (const url of everywhere()) await headers(url)
  for (const { name } of stage.cluster.replicas) await stage.cluster.restartReplica(name)
  await wellMeant()
  await stage.cluster.restartNginx()
  lines = linesOf(await stage.cluster.logs())
  assert.ok(lines.length > 100, `only ${lines.length} lines were logged`)
})

scenario('no log holds a cookie, a password, a session id or a secret', async () => {
  const leaks = lines.flatMap((line) => found(line, secrets).map((what) => `${what}, in ${line.file}: ${line.text}`))
  expectNone(leaks)
})

scenario('no log holds a line break or an escape code that a client sent', async () => {
  const acting = lines
    .filter((line) => ours(line) && hasControl(line))
    .map(({ file, text }) => `${file}: ${JSON.stringify(text)}`)
  const forged = lines.filter(({ text }) => text.trimStart().startsWith(MARK)).map(({ text }) => text)
  expectNone([...acting, ...forged])
})

scenario('every line is JSON with time, level, message and replica; those of a request carry its id', async () => {
  const bad = lines.filter(byReplica).filter((line) => !wellFormed(line))
  expectNone(bad.map(({ file, text }) => `${file}: ${text}`))
  const access = lines.filter((line) => line.file.startsWith('access'))
  assert.ok(access.length > 50, 'nginx has logged')
  expectNone(access.filter(({ text }) => parsed(text) === undefined).map(({ text }) => text))
})

scenario('one request id is in the answer, in the log of nginx and in that of the replica', async () => {
  const answer = expect(await person('Vic').get('/shop?secret=of-the-query'), 200)
  const logged = linesOf(await stage.cluster.logs()).filter(({ text }) => text.includes(String(answer.requestId)))
  const files = new Set(logged.map(({ file }) => file))
  assert.ok(
    files.has(`${answer.replica}.log`),
    `${answer.replica} should have logged ${answer.requestId}; ${[...files]}`,
  )
  assert.ok(
    [...files].some((file) => file.startsWith('access')),
    'nginx should have logged it',
  )
  assert.ok(
    logged.every(({ text }) => !text.includes('of-the-query')),
    'the query is left out',
  )
})

async function wellMeant(): Promise<void> {
  const ada = remembered(person('Ada'))
  const credentials = freshCredentials('Ada')
  secrets.set(`password of ${credentials.email}`, credentials.password)
  secrets.set(`address of ${credentials.email}`, credentials.email)
  const [product = ''] = await productsOf(ada)
  await putInBasket(ada, product, 2)
  note(ada)
  await register(ada, credentials)
  note(ada)
  for (const path of ['/', '/account', '/shop', '/basket', '/api/session', '/staff', '/nothing', '/livez'])
    await ada.get(path)
  const password = `${credentials.password} anew`
  expect(
    await ada.post('/account/password', { current: credentials.password, password }, { json: true }),
    200,
    204,
    303,
  )
  note(ada)
  await signOut(ada)
  await signIn(ada, { ...credentials, password })
  note(ada)
  await ada.post('/register', { ...credentials })
}

async function wrongPasswords(): Promise<void> {
  const vic = person('Vic')
  for (const [number, json] of [true, false].entries()) {
    const { email, password } = freshCredentials('nobody')
    secrets.set(`wrong password ${number}`, password)
    expect(await vic.post('/login', { email, password }, { json }), 401)
    await vic.send('POST', '/login', `{"email":"${email}","password":"${password}"`, {
      headers: { 'content-type': 'application/json' },
    })
    await vic.get(`/login?next=/basket&email=${email}&password=${encodeURIComponent(password)}`)
    await vic.post('/login', { email: [email], password: { password } }, { json: true })
  }
}

async function forgedCookies(): Promise<void> {
  const sid = randomBytes(18).toString('base64url')
  const forged = {
    'wrong signature': `s%3A${sid}.${randomBytes(32).toString('base64url')}`,
    unknown: signedCookie(sid, SECRETS[0]),
  }
  secrets.set('forged sid', sid)
  for (const [name, value] of Object.entries(forged)) {
    const vic = person(`Vic with a ${name} cookie`)
    vic.jar.put('sid', value)
    for (const path of ['/account', '/api/session', '/basket']) await vic.get(path)
    await vic.post('/basket/items', { product: ESCAPE, quantity: 1 })
  }
}

/** Header lines that try to write into a log, and those that only look so. */
async function headers(url: string): Promise<void> {
  const bad = `a\r ${MARK}`
  for (const [name, value] of [
    ['User-Agent', ESCAPE],
    ['Referer', `http://x/${ESCAPE}`],
    ['X-Request-Id', `x"}\t${ESCAPE}`],
    ['X-Request-Id', `${'9'.repeat(300)}`],
    ['X-Forwarded-For', `${ESCAPE}, 1.2.3.4`],
    ['X-Real-IP', bad],
    ['Host', `x${ESCAPE}`],
    ['Cookie', `sid=${ESCAPE}`],
  ]) {
    await overTheWire(url, `GET /?${MARK} HTTP/1.1\r\nHost: here\r\n${name}: ${value}\r\nConnection: close\r\n\r\n`)
  }
  for (const target of [
    `/%0a${MARK}`,
    `/%0d%0a${MARK}%1b[31m`,
    '/%E2%80%A8',
    '/%C2%9B31m',
    `/${ESCAPE}`,
    `/\u0080\u009b31m`,
  ]) {
    await overTheWire(url, `GET ${target} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n`)
  }
  await overTheWire(url, `${ESCAPE} / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n`)
}

function remembered(visitor: Visitor): Visitor {
  note(visitor)
  return visitor
}

/** From now on nothing of this browser's cookie may be in a log. */
function note({ jar }: Visitor): void {
  for (const { name, value } of jar.all()) {
    secrets.set(`cookie ${name} ${secrets.size}`, value)
    if (name !== 'sid') continue
    const { sid, signature } = partsOf(value)
    secrets.set(`sid ${secrets.size}`, sid).set(`signature ${secrets.size}`, signature)
  }
}

function everywhere(): readonly string[] {
  return [stage.cluster.url, ...stage.cluster.replicas.map(({ url }) => url)]
}

/** Postgres' own log and the timeline hold nothing of clients, in forms of their own. */
function ours({ file }: Line): boolean {
  return !/^(postgres|timeline)/.test(file)
}

function byReplica({ file }: Line): boolean {
  return /^app-\d+\.log$/.test(file)
}

function wellFormed({ file, text }: Line): boolean {
  const { time, level, msg, replica, requestId, method } = parsed(text) ?? {}
  const basics = !Number.isNaN(Date.parse(String(time))) && typeof level === 'string' && typeof msg === 'string'
  return basics && `${replica}.log` === file && (method === undefined || typeof requestId === 'string')
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** Fails unless there are none, showing the first twenty. */
function expectNone(faults: readonly string[]): void {
  assert.deepEqual(faults.slice(0, 20), [])
}

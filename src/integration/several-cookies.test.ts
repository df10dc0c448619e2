import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import express from 'express'
import { createSignatures } from '../sessions/request/session-cookie.ts'
import { createSessions } from '../sessions/sessions.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const SECRET = 'a secret of this test, long enough'
const PASSWORD = 'a lantern over the turntable'
const EGGS = { product: 'eggs', quantity: '1' }
type Visitor = ReturnType<TestServer['client']>

let app: TestServer
before(async () => {
  const clear = [{ domain: 'example.com' }, { name: 'legacy', path: '/old' }]
  app = await startTestServer({
    secrets: [SECRET],
    cookie: { name: 'sid', previousName: 'connect.sid', secure: false, clear },
  })
  await app.pool.query(
    `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 450, 9)`,
  )
})
after(() => app.close())

const signed = (sid: string) => encodeURIComponent(createSignatures([SECRET]).sign(sid))
/** The signature is valid, but the session is gone. */
const ENDED = signed('a-session-of-the-former-application')

for (const [order, header] of Object.entries({
  'in front of': (live: string) => `sid=${ENDED}; sid=${live}`,
  behind: (live: string) => `sid=${live}; sid=${ENDED}`,
  'under the present name beside': (live: string) => `connect.sid=${live}; sid=${ENDED}`,
  'under the former name beside': (live: string) => `connect.sid=${ENDED}; sid=${live}`,
}))
  test(`an ended cookie ${order} a live one hides no session, and costs no extra statement`, async () => {
    const ada = await customer()
    const before = await reads()
    assert.equal((await view(header(cookie(ada)))).signedIn, true)
    assert.equal(await reads(), before + 1)
  })

test('sign-in works although the browser sends an ended cookie first', async () => {
  const ada = await customer()
  await ada.post('/logout')
  const headers = { cookie: `sid=${ENDED}` }
  assert.equal((await ada.post('/login', { email: emailOf(ada), password: PASSWORD }, { headers })).status, 303)
  assert.equal((await view(`sid=${ENDED}; sid=${cookie(ada)}`)).signedIn, true)
})

test('of several live sessions the newest wins, at any position and under any name', async () => {
  const [ada, bea, sten] = [await customer(), await customer(), await customer()]
  for (const order of [
    [sten, bea, ada],
    [ada, sten, bea],
    [bea, ada, sten],
  ]) {
    const [first, second, third] = order.map(cookie)
    const { account } = await view(`connect.sid=${first}; sid=${second}; sid=${third}`)
    assert.equal(account.email, emailOf(sten))
  }
})

test('sign-out ends each session whose cookie is in the request', async () => {
  const [ada, again] = [await customer(), await customer()]
  const headers = { cookie: `sid=${cookie(ada)}; connect.sid=${cookie(again)}` }
  const out = await app.client().post('/logout', {}, { headers })
  assert.deepEqual(namesSet(out.headers), ['sid', 'connect.sid', 'legacy', 'sid', 'connect.sid'])
  for (const visitor of [ada, again]) assert.equal((await view(`sid=${cookie(visitor)}`)).signedIn, false)
})

test('the other sessions end even if the handler responds before its own has ended', async () => {
  const sessions = createSessions({ pool: 'memory', secret: SECRET })
  const server = express()
    .use(sessions.middleware())
    .get('/begin', (req, res) => {
      req.session.account = 'ada'
      res.end()
    })
    .get('/end', (req, res) => {
      void req.session.destroy()
      res.end()
    })
    .listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const begin = async () => (await fetch(`${url}/begin`)).headers.get('set-cookie')?.split(';')[0]
    const header = `${await begin()}; ${await begin()}`
    assert.equal(await sessions.store.table.count(), 2)
    await fetch(`${url}/end`, { headers: { cookie: header } })
    assert.equal(await sessions.store.table.count(), 0)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a request whose sessions have all ended is answered as signed out if one ended a moment ago', async () => {
  const ada = await customer()
  const ended = cookie(ada)
  await ada.post('/logout')
  for (const header of [`sid=${ENDED}; sid=${ended}`, `sid=${ended}; sid=${ENDED}`]) {
    const { status, headers } = await app.client().post('/basket/items', EGGS, { headers: { cookie: header } })
    assert.deepEqual([status, headers['set-cookie']], [401, undefined])
  }
})

test('at most four sessions are looked up, however many cookies a browser sends', async () => {
  const ada = await customer()
  const others = (count: number) => Array.from({ length: count }, (_, index) => `sid=${signed(`ended-${index}`)}; `)
  assert.equal((await view(`${others(3).join('')}sid=${cookie(ada)}`)).signedIn, true)
  assert.equal((await view(`${others(4).join('')}sid=${cookie(ada)}`)).signedIn, false)
})

test('stale cookies of the settings are cleared when the session cookie is set or cleared, and not before', async () => {
  const ada = await customer()
  const header = `sid=${ENDED}; legacy=1; sid=${cookie(ada)}`
  assert.equal((await ask(header)).headers['set-cookie'], undefined)
  await app.pool.query(`UPDATE session SET expire = expire - interval '2 hours'`)
  const renewed = cookiesSet((await ask(header)).headers)
  // The session's cookie comes last: a browser may take its own domain's cookie for the same.
  assert.deepEqual(renewed.slice(0, 2), [
    'sid=; Domain=example.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    'legacy=; Path=/old; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
  ])
  assert.match(renewed[2] ?? '', /^sid=s/)
  assert.equal(renewed.length, 3)
  const out = await app.client().post('/logout', {}, { headers: { cookie: header } })
  assert.deepEqual(cookiesSet(out.headers).slice(0, 2), renewed.slice(0, 2))
})

test('a stale cookie of another path is cleared from any page, although the browser sends it only below its path', async () => {
  const ada = await customer()
  const { headers } = await ada.post('/logout')
  assert.deepEqual(namesSet(headers), ['sid', 'legacy', 'sid'])
})

test('a request without a stale cookie gets no header for it', async () => {
  const ada = app.client()
  const { headers } = await ada.post('/basket/items', EGGS)
  assert.deepEqual(namesSet(headers), ['sid'])
})

const names = new Map<Visitor, string>()

/** A signed-in browser. */
async function customer(): Promise<Visitor> {
  const visitor = app.client()
  const email = `ada.${Math.random()}@example.net`
  names.set(visitor, email)
  assert.equal((await visitor.post('/register', { email, name: email, password: PASSWORD })).status, 303)
  return visitor
}

function emailOf(visitor: Visitor): string {
  return names.get(visitor) ?? ''
}

function cookie(visitor: Visitor): string {
  return visitor.cookies.get('sid') ?? ''
}

function ask(header: string) {
  return app.client().get('/api/session', { json: true, headers: { cookie: header } })
}

async function view(header: string) {
  return (await ask(header)).body
}

function cookiesSet(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  return [headers['set-cookie'] ?? []].flat()
}

function namesSet(headers: Readonly<Record<string, string | string[] | undefined>>): string[] {
  return cookiesSet(headers).map((line) => line.slice(0, line.indexOf('=')))
}

async function reads(): Promise<number> {
  const text = await (await fetch(app.metricsUrl)).text()
  return Number(/session_store_duration_seconds_count\{.*operation="read".*\} (\d+)/.exec(text)?.[1] ?? 0)
}

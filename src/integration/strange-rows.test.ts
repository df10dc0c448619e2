import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { HttpClient } from '../../test-support/http-client.ts'
import { createSignatures } from '../sessions/request/session-cookie.ts'
import { PostgresSessionStore } from '../sessions/request/session-store.ts'
import { commit, DAY, load, storeSession } from '../sessions/testing/store-pair.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const SECRET = 'a secret of this test, long enough'
const ADA = { email: 'ada@example.com', password: 'blue kettle sings' }
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

/** Contents that are no session. */
const UNUSABLE: Readonly<Record<string, string>> = {
  'a text': '"text"',
  'a number': '1e400',
  null: 'null',
  'a list': '[{"cookie":{}}]',
  'an object nested 70 deep': nested(70),
  'an object nested 2,000 deep': nested(2_000),
  'a text of 3 MB': JSON.stringify({ a: 'x'.repeat(3_000_000) }),
  'a list nested 70 deep': `{"a":${'['.repeat(70)}${']'.repeat(70)}}`,
}
/** Odd contents that are a session. */
const USABLE: Readonly<Record<string, string>> = {
  'an object nested 64 deep': nested(64),
  'a field twice': '{"a":1,"a":2}',
  'the field __proto__': '{"__proto__":{"account":"x"},"constructor":{"prototype":1}}',
  'half a surrogate pair and NUL': '{"a":"\\ud800","\\u0000":"\\u0000"}',
  'numbers out of range': '{"a":1e999,"b":-1e999,"c":123456789012345678901234567890}',
  'a cookie that is a list': '{"cookie":[1]}',
  'a cookie with an age out of range': '{"cookie":{"originalMaxAge":1e999,"expires":"+999999-01-01"}}',
  'a long text': JSON.stringify({ a: 'x'.repeat(90_000) }),
  'an account that is none': '{"account":{"a":[]},"credentialsVersion":"x","basket":[1,null],"signedInAt":{}}',
}
const INSTANTS = ['infinity', '294276-12-31 23:59:59', '9999-12-31', '10000-01-01']
const PAST = ['-infinity', '4713-01-01 BC', '0001-01-01']

let app: TestServer
before(async () => {
  app = await startTestServer({ secrets: [SECRET] })
  await app.client().post('/register', { ...ADA, name: 'Ada' })
  await app.pool.query(
    `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 1, 9)`,
  )
})
after(() => app.close())

for (const [what, text] of Object.entries(UNUSABLE)) {
  test(`${what} is a visitor's, is reported once, and is removed by a sign-out`, async () => {
    const holder = await holderOf({ text })
    const before = app.lines.length
    for (const path of ['/', '/account', '/basket', '/api/session'])
      assert.ok((await holder.browser.get(path)).status < 400)
    assert.equal(app.lines.slice(before).filter((line) => /malformed session/.test(line)).length, 1)
    assert.equal(await exists(holder.sid), true, 'its owner may want to see it')
    const out = await holder.browser.post('/logout')
    assert.deepEqual([out.status, await exists(holder.sid)], [303, false])
    assert.equal(holder.browser.cookies.has('sid'), false)
    await signsIn(holder.browser)
  })

  test(`${what} does not prevent a sign-in`, async () => {
    await signsIn((await holderOf({ text })).browser)
  })
}

for (const [what, text] of Object.entries(USABLE)) {
  test(`${what} is an ordinary session`, async () => {
    const holder = await holderOf({ text })
    assert.equal((await holder.browser.get('/api/session', { json: true })).status, 200)
    assert.equal(await textOf(holder.sid), text, 'a look changes nothing')
    await signsIn(holder.browser)
  })
}

test('a row whose expiry is infinite, or in another age, fails no request', async () => {
  const good = await holderOf({ text: '{"cookie":{},"basket":{"eggs":3}}' })
  const later = ['NULL', ...INSTANTS.map((instant) => `'${instant}'`)]
  const strange = INSTANTS.flatMap((expire) => later.map((ends) => ({ expire: `'${expire}'`, ends, lives: true })))
  const ended = PAST.flatMap((expire) => later.map((ends) => ({ expire: `'${expire}'`, ends, lives: false })))
  const past = PAST.map((ends) => ({ expire: `now() + interval '1 hour'`, ends: `'${ends}'`, lives: true }))
  for (const { lives, ...instants } of [...strange, ...ended, ...past]) {
    const holder = await holderOf({ text: '{"cookie":{},"basket":{"eggs":2}}', ...instants })
    const [odd, other] = await Promise.all(
      [holder, good].map(({ browser }) => browser.get('/api/session', { json: true })),
    )
    assert.deepEqual(other?.body.basket, { eggs: 3 })
    assert.deepEqual(odd?.body.basket, lives ? { eggs: 2 } : {}, JSON.stringify(instants))
    const put = await holder.browser.post('/basket/items', { product: 'eggs', quantity: 1 })
    assert.equal(put.status, 303, JSON.stringify(instants))
    await signsIn(holder.browser)
  }
})

describe('in a database of another encoding', () => {
  let database: TestDatabase
  before(async () => {
    database = await freshDatabase({ encoding: 'LATIN1' })
  })
  after(() => database.drop())

  test("a character that the database's encoding lacks fails its own session alone, and is not an outage", async () => {
    const store = new PostgresSessionStore({ pool: database.pool })
    const [odd, fine] = [await storeSession(store, { count: 1 }), await storeSession(store, { count: 1 })]
    const [first, second] = [await load(store, odd), await load(store, fine)]
    Object.assign(first, { note: 'eggs 🥚' })
    Object.assign(second, { note: 'Käse' })
    const [refused, kept] = await Promise.allSettled([commit(store, odd, first), commit(store, fine, second)])
    assert.equal(refused.status === 'rejected' && refused.reason.name, 'SessionRefused')
    assert.equal(refused.status === 'rejected' && refused.reason.status, 500)
    assert.equal(kept.status, 'fulfilled')
    assert.deepEqual([(await load(store, odd)).note, (await load(store, fine)).note], [undefined, 'Käse'])
    await assert.rejects(storeSession(store, { note: '🥚' }), { name: 'SessionRefused' })
    assert.equal(await store.table.destroy(odd), 1)
    assert.equal(await store.table.touch(fine, { idleMs: DAY, absoluteMs: DAY }), true)
  })
})

interface Holder {
  readonly browser: HttpClient
  readonly sid: string
}

let made = 0
async function holderOf({
  text = '{"cookie":{}}',
  expire = `now() + interval '1 day'`,
  ends = 'NULL',
}): Promise<Holder> {
  const sid = `strange-${made++}`
  await app.pool.query(
    `INSERT INTO session (sid, sess, expire, absolute_expire) VALUES ($1, $2::json, ${expire}, ${ends})`,
    [sid, text],
  )
  const browser = app.client()
  browser.cookies.set('sid', encodeURIComponent(createSignatures([SECRET]).sign(sid)))
  return { browser, sid }
}

async function signsIn(browser: HttpClient): Promise<void> {
  await app.pool.query('DELETE FROM attempt')
  assert.equal((await browser.post('/login', ADA)).status, 303)
  assert.equal((await browser.get('/api/session', { json: true })).body.account?.email, ADA.email)
}

async function textOf(sid: string): Promise<string | undefined> {
  return (await app.pool.query('SELECT sess::text AS text FROM session WHERE sid = $1', [sid])).rows[0]?.text
}

async function exists(sid: string): Promise<boolean> {
  return (await textOf(sid)) !== undefined
}

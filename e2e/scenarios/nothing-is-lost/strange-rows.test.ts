import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  expectSignedIn,
  expectVisitor,
  productsOf,
  putInBasket,
  register,
  sessionOf,
  signIn,
} from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { parseCookieValue, signCookie } from '../../support/attacks/sign-cookie.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const stage = useCluster({ replicas: 2, environment: { SESSION_SECRET: SECRET } }, 'replicas', 'database')
const { scenario, person } = stage

scenario('a row that is no object is a visitor, and stays where it is', async () => {
  const processes = stage.cluster.replicas.map(({ pid }) => pid)
  for (const text of ['"text"', '[]', '[1, {"cookie": {}}]', '1', 'null', 'true']) {
    const { browser, sid } = await holderOf(text)
    for (const { url } of stage.cluster.replicas) await expectVisitor(browser.at(url))
    const [product = ''] = await productsOf(browser)
    await putInBasket(browser, product, 2)
    assert.deepEqual((await sessionOf(browser)).basket, { [product]: 2 }, `a session beside ${text}`)
    assert.equal(await textOf(sid), text)
  }
  assert.deepEqual(
    stage.cluster.replicas.map(({ pid }) => pid),
    processes,
  )
})

scenario('a row whose cookie is missing or strange is a session like any other', async () => {
  const { id, email } = await accountOf('Ada')
  for (const cookie of STRANGE_COOKIES) {
    const content = JSON.stringify({ ...cookie, account: id, basket: {} })
    const { browser } = await holderOf(content)
    for (const { url } of stage.cluster.replicas) await expectSignedIn(browser.at(url), email)
    const [product = ''] = await productsOf(browser)
    await putInBasket(browser, product, 2)
    for (const { url } of stage.cluster.replicas)
      assert.deepEqual((await sessionOf(browser.at(url))).basket, { [product]: 2 }, content)
    await signIn(browser, await register(person('Bea')))
  }
})

scenario('a row with texts that no other JSON type of Postgres takes is read, changed and kept', async () => {
  const { id, email } = await accountOf('Ada')
  for (const note of ['\\u0000', '\\ud800', 'a\\udc00b', '\\u0000\\ud83d']) {
    const { browser, sid } = await holderOf(`{"cookie":{},"account":"${id}","note":"${note}","deep":{"${note}":[1]}}`)
    await expectSignedIn(browser, email)
    const [product = ''] = await productsOf(browser)
    await putInBasket(browser, product, 2)
    assert.deepEqual((await sessionOf(browser)).basket, { [product]: 2 })
    const kept = JSON.parse((await textOf(sid)) ?? '')
    assert.deepEqual([kept.note, kept.deep], [JSON.parse(`"${note}"`), { [JSON.parse(`"${note}"`)]: [1] }])
  }
})

scenario('a row whose expiry has passed is nobody’s, and nothing brings it back', async () => {
  // Upkeep would remove it meanwhile: it has had its turn.
  await stage.database.rows(
    `INSERT INTO job_run (job, last_run_at) VALUES ('expired sessions', now())
     ON CONFLICT (job) DO UPDATE SET last_run_at = now()`,
  )
  const { id } = await accountOf('Ada')
  const { browser, sid } = await holderOf(JSON.stringify({ cookie: {}, account: id }), '-1 minute')
  const before = await textOf(sid)
  for (const { url } of stage.cluster.replicas) await expectVisitor(browser.at(url))
  const [product = ''] = await productsOf(browser)
  expect(await browser.post('/basket/items', { product, quantity: 1 }), 303, 401)
  assert.equal(await textOf(sid), before)
  const thief = person('somebody who kept a copy of the cookie')
  thief.jar.set('sid', signCookie(sid, SECRET))
  for (const { url } of stage.cluster.replicas) await expectVisitor(thief.at(url))
})

const STRANGE_COOKIES: readonly object[] = [
  {},
  { cookie: null },
  { cookie: 5 },
  { cookie: 'text' },
  { cookie: [] },
  { cookie: {} },
  { cookie: { originalMaxAge: 'a month', expires: 'tomorrow' } },
  { cookie: { originalMaxAge: -1, expires: '1999-01-01T00:00:00.000Z' } },
  { cookie: { originalMaxAge: 1e300, expires: '+275760-09-13T00:00:00.000Z' } },
  { cookie: { originalMaxAge: {}, expires: {}, path: 5, domain: 'a;b', sameSite: 'whatever', httpOnly: 'no' } },
]

/** A browser with a cookie for a row that holds this text. */
async function holderOf(text: string, left = '1 day'): Promise<{ readonly browser: Visitor; readonly sid: string }> {
  const sid = randomBytes(24).toString('base64url')
  await stage.database.rows(
    `INSERT INTO session (sid, sess, expire) VALUES ($1, $2, now() AT TIME ZONE session_zone() + $3::interval)`,
    [sid, text, left],
  )
  const browser = person('somebody with a strange row')
  browser.jar.set('sid', signCookie(sid, SECRET))
  assert.equal(parseCookieValue(signCookie(sid, SECRET)).sid, sid)
  return { browser, sid }
}

async function textOf(sid: string): Promise<string | undefined> {
  const [row] = await stage.database.rows('SELECT sess::text AS text FROM session WHERE sid = $1', [sid])
  return row?.text as string | undefined
}

async function accountOf(name: string): Promise<{ readonly id: string; readonly email: string }> {
  const { email } = await register(person(name))
  const [row] = await stage.database.rows('SELECT id::text FROM account WHERE email = $1', [email])
  return { id: String(row?.id), email }
}

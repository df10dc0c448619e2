import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  expectBasket,
  expectSignedIn,
  expectVisitor,
  fillBasket,
  productsOf,
  register,
  signIn,
} from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { parseCookieValue, signCookie } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')
const fixture = useCluster({ replicas: 2, environment: { SESSION_SECRET: SECRET } }, 'replicas', 'database')
const { scenario, person } = fixture

scenario('A row that is no object counts as no session, and stays unchanged', async () => {
  const processes = fixture.processes()
  for (const text of ['"text"', '[]', '[1, {"cookie": {}}]', '1', 'null', 'true']) {
    const { browser, sid } = await browserOf(text)
    for (const { url } of fixture.cluster.replicas) await expectVisitor(browser.at(url))
    const product = await fillBasket(browser, 2)
    await expectBasket(browser, { [product]: 2 })
    assert.equal(await textOf(sid), text)
  }
  assert.deepEqual(fixture.processes(), processes)
})

scenario('A row with a missing or strange cookie object is a normal session', async () => {
  const { id, email } = await accountOf('Ada')
  for (const cookie of STRANGE_COOKIES) {
    const { browser } = await browserOf(JSON.stringify({ ...cookie, account: id, basket: {} }))
    for (const { url } of fixture.cluster.replicas) await expectSignedIn(browser.at(url), email)
    const product = await fillBasket(browser, 2)
    for (const { url } of fixture.cluster.replicas) await expectBasket(browser.at(url), { [product]: 2 })
    await signIn(browser, await register(person('Bea')))
  }
})

scenario('A row with texts that only the type json accepts is read, changed and kept', async () => {
  const { id, email } = await accountOf('Ada')
  for (const note of ['\\u0000', '\\ud800', 'a\\udc00b', '\\u0000\\ud83d']) {
    const { browser, sid } = await browserOf(`{"cookie":{},"account":"${id}","note":"${note}","deep":{"${note}":[1]}}`)
    await expectSignedIn(browser, email)
    const product = await fillBasket(browser, 2)
    await expectBasket(browser, { [product]: 2 })
    const kept = JSON.parse((await textOf(sid)) ?? '')
    assert.deepEqual([kept.note, kept.deep], [JSON.parse(`"${note}"`), { [JSON.parse(`"${note}"`)]: [1] }])
  }
})

scenario('An expired row is no session, and no request restores it', async () => {
  // As if the clean-up had just run, or it would remove the row meanwhile.
  await fixture.database.rows(
    `INSERT INTO job_run (job, last_run_at) VALUES ('expired sessions', now())
     ON CONFLICT (job) DO UPDATE SET last_run_at = now()`,
  )
  const { id } = await accountOf('Ada')
  const { browser, sid } = await browserOf(JSON.stringify({ cookie: {}, account: id }), '-1 minute')
  const before = await textOf(sid)
  for (const { url } of fixture.cluster.replicas) await expectVisitor(browser.at(url))
  const [product = ''] = await productsOf(browser)
  expect(await browser.post('/basket/items', { product, quantity: 1 }), 303, 401)
  assert.equal(await textOf(sid), before)
  const copy = person('a copy')
  copy.jar.set('sid', signCookie(sid, SECRET))
  for (const { url } of fixture.cluster.replicas) await expectVisitor(copy.at(url))
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

/** A browser whose session row holds this text. */
async function browserOf(text: string, left = '1 day'): Promise<{ readonly browser: Visitor; readonly sid: string }> {
  const sid = randomBytes(24).toString('base64url')
  await fixture.database.rows(
    `INSERT INTO session (sid, sess, expire) VALUES ($1, $2, now() AT TIME ZONE session_zone() + $3::interval)`,
    [sid, text, left],
  )
  const browser = person('a browser with a strange row')
  browser.jar.set('sid', signCookie(sid, SECRET))
  assert.equal(parseCookieValue(signCookie(sid, SECRET)).sid, sid)
  return { browser, sid }
}

async function textOf(sid: string): Promise<string | undefined> {
  const [row] = await fixture.database.rows('SELECT sess::text AS text FROM session WHERE sid = $1', [sid])
  return row?.text as string | undefined
}

async function accountOf(name: string): Promise<{ readonly id: string; readonly email: string }> {
  const { email } = await register(person(name))
  const [row] = await fixture.database.rows('SELECT id::text FROM account WHERE email = $1', [email])
  return { id: String(row?.id), email }
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

const OLD_PASSWORD = 'blue kettle sings'
const NEW_PASSWORD = 'green kettle sings'
let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

async function registered(name: string) {
  const email = `${name}@example.com`
  const browser = app.client()
  await browser.post('/register', { email, name, password: OLD_PASSWORD })
  return { email, browser }
}
const isSignedIn = async (client: ReturnType<TestServer['client']>) =>
  (await client.get('/api/session', { json: true })).body.signedIn

test('a password change ends every other session, and rotates the id of this one', async () => {
  const { email, browser } = await registered('ada')
  const otherBrowser = app.client()
  await otherBrowser.post('/login', { email, password: OLD_PASSWORD })
  const sid = browser.cookies.get('sid')
  const answer = await browser.post('/account/password', { current: OLD_PASSWORD, password: NEW_PASSWORD })
  assert.equal(answer.headers.location, '/account?changed=password')
  assert.match((await browser.get('/account?changed=password')).text, /Your password is changed/)
  assert.notEqual(browser.cookies.get('sid'), sid)
  assert.equal(await isSignedIn(otherBrowser), false)
  assert.equal((await app.pool.query('SELECT FROM session')).rowCount, 1)
  assert.equal((await app.client().post('/login', { email, password: OLD_PASSWORD })).status, 401)
  assert.equal((await app.client().post('/login', { email, password: NEW_PASSWORD })).status, 303)
})

test("an older session is a visitor's even while its row exists", async () => {
  const { browser } = await registered('cy')
  await app.pool.query("UPDATE account SET credentials_version = credentials_version + 1 WHERE name = 'cy'")
  assert.equal(await isSignedIn(browser), false)
  assert.equal((await browser.get('/account')).headers.location, '/login?next=%2Faccount')
})

test('an error is shown beside its field, and nothing changes', async () => {
  const { email, browser } = await registered('dee')
  const errorsFor = async (fields: object) =>
    (await browser.post('/account/password', fields, { json: true })).body.errors
  assert.match((await errorsFor({ current: 'wrong kettle sings', password: NEW_PASSWORD })).current, /wrong/)
  assert.match((await errorsFor({ current: OLD_PASSWORD, password: 'short' })).password, /too short/)
  assert.match((await errorsFor({ current: OLD_PASSWORD, password: OLD_PASSWORD })).password, /current one/)
  assert.match((await errorsFor({ current: OLD_PASSWORD, password: 'dee@example.com-1' })).password, /address/)
  assert.match((await errorsFor({ current: [OLD_PASSWORD], password: NEW_PASSWORD })).current, /one text/)
  const page = await browser.post('/account/password', { current: 'wrong kettle sings', password: NEW_PASSWORD })
  assert.equal(page.status, 400)
  assert.match(page.text, /id="field-current-error">Current password is wrong/)
  assert.ok(!page.text.includes(NEW_PASSWORD))
  assert.equal((await app.client().post('/login', { email, password: OLD_PASSWORD })).status, 303)
})

test('a session left open allows ten guesses at the current password', async () => {
  const { browser } = await registered('fay')
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal(
      (await browser.post('/account/password', { current: 'wrong kettle sings', password: NEW_PASSWORD })).status,
      400,
    )
  assert.equal((await browser.post('/account/password', { current: OLD_PASSWORD, password: NEW_PASSWORD })).status, 429)
})

test('a visitor cannot change a password', async () => {
  const answer = await app
    .client()
    .post('/account/password', { current: OLD_PASSWORD, password: NEW_PASSWORD }, { json: true })
  assert.equal(answer.status, 401)
})

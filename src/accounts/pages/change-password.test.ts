import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

const former = 'blue kettle sings'
const next = 'green kettle sings'
let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

async function somebody(name: string) {
  const email = `${name}@example.com`
  const here = app.client()
  await here.post('/register', { email, name, password: former })
  return { email, here }
}
const isSignedIn = async (visitor: ReturnType<TestServer['client']>) =>
  (await visitor.get('/api/session', { json: true })).body.signedIn

test('a password change ends every other session, and rotates the id of this one', async () => {
  const { email, here } = await somebody('ada')
  const elsewhere = app.client()
  await elsewhere.post('/login', { email, password: former })
  const sid = here.cookies.get('sid')
  const answer = await here.post('/account/password', { current: former, password: next })
  assert.equal(answer.headers.location, '/account?changed=password')
  assert.match((await here.get('/account?changed=password')).text, /Your password is changed/)
  assert.notEqual(here.cookies.get('sid'), sid)
  assert.equal(await isSignedIn(elsewhere), false)
  assert.equal((await app.pool.query('SELECT FROM session')).rowCount, 1)
  assert.equal((await app.client().post('/login', { email, password: former })).status, 401)
  assert.equal((await app.client().post('/login', { email, password: next })).status, 303)
})

test("an older session is a visitor's even while its row exists", async () => {
  const { here } = await somebody('cy')
  await app.pool.query("UPDATE account SET credentials_version = credentials_version + 1 WHERE name = 'cy'")
  assert.equal(await isSignedIn(here), false)
  assert.equal((await here.get('/account')).headers.location, '/login?next=%2Faccount')
})

test('an error is shown beside its field, and nothing changes', async () => {
  const { email, here } = await somebody('dee')
  const complaint = async (fields: object) => (await here.post('/account/password', fields, { json: true })).body.errors
  assert.match((await complaint({ current: 'wrong kettle sings', password: next })).current, /wrong/)
  assert.match((await complaint({ current: former, password: 'short' })).password, /too short/)
  assert.match((await complaint({ current: former, password: former })).password, /current one/)
  assert.match((await complaint({ current: former, password: 'dee@example.com-1' })).password, /address/)
  assert.match((await complaint({ current: [former], password: next })).current, /one text/)
  const page = await here.post('/account/password', { current: 'wrong kettle sings', password: next })
  assert.equal(page.status, 400)
  assert.match(page.text, /id="field-current-error">Current password is wrong/)
  assert.ok(!page.text.includes(next))
  assert.equal((await app.client().post('/login', { email, password: former })).status, 303)
})

test('a session left open allows ten guesses at the current password', async () => {
  const { here } = await somebody('fay')
  for (let guess = 0; guess < 10; guess += 1)
    assert.equal((await here.post('/account/password', { current: 'wrong kettle sings', password: next })).status, 400)
  assert.equal((await here.post('/account/password', { current: former, password: next })).status, 429)
})

test('a visitor cannot change a password', async () => {
  const answer = await app.client().post('/account/password', { current: former, password: next }, { json: true })
  assert.equal(answer.status, 401)
})

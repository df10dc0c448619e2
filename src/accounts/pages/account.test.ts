import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import { createAccounts } from '../accounts.ts'
import { seedAccounts } from '../seed.ts'

const ada = { email: 'ada@example.com', password: 'roundhouse-demo-1' }
let app: TestServer
before(async () => {
  app = await startTestServer()
  await seedAccounts(createAccounts({ pool: app.pool }))
})
after(() => app.close())

test('a visitor is redirected to the sign-in and back, a program gets a 401', async () => {
  const page = await app.client().get('/account')
  assert.equal(page.status, 303)
  assert.equal(page.headers.location, '/login?next=%2Faccount')
  assert.equal((await app.client().get('/account', { json: true })).status, 401)
})

test('the account page names the user and has the sign-out button, and a program gets the account', async () => {
  const visitor = app.client()
  await visitor.post('/login', ada)
  const { text } = await visitor.get('/account')
  assert.match(text, /ada@example\.com/)
  assert.match(text, /action="\/logout"/)
  assert.equal((await visitor.get('/account', { json: true })).body.account.name, 'Ada')
})

test('an account page left open changes no password of a user who signed in meanwhile', async () => {
  const visitor = app.client()
  await visitor.post('/login', ada)
  const { text } = await visitor.get('/account')
  const account = /name="account" value="([^"]+)"/.exec(text)?.[1] ?? ''
  await visitor.post('/login', { ...ada, email: 'bea@example.com' })
  const change = { account, current: ada.password, password: 'a lantern over the turntable' }
  const page = await visitor.post('/account/password', change)
  assert.equal(page.status, 409)
  assert.match(page.text, /Another user opened this page/)
  assert.equal((await visitor.post('/account/password', change, { json: true })).body.status, 409)
  assert.equal((await app.client().post('/login', { ...ada, email: 'bea@example.com' })).status, 303)
})

test('the role is read at every request', async () => {
  const visitor = app.client()
  await visitor.post('/login', ada)
  assert.equal((await visitor.get('/staff')).status, 403)
  await app.pool.query("UPDATE account SET role = 'staff' WHERE name = 'Ada'")
  assert.equal((await visitor.get('/staff')).status, 200)
  await app.pool.query("UPDATE account SET role = 'customer' WHERE name = 'Ada'")
  assert.equal((await visitor.get('/staff')).status, 403)
})

test('disabling or deleting an account ends its sessions at once', async () => {
  const visitor = app.client()
  await visitor.post('/login', { ...ada, email: 'bea@example.com' })
  await app.pool.query("UPDATE account SET disabled_at = now() WHERE name = 'Bea'")
  assert.equal((await visitor.get('/account')).status, 303)
  await app.pool.query("UPDATE account SET disabled_at = NULL WHERE name = 'Bea'")
  assert.equal((await visitor.get('/account')).status, 200)
  await app.pool.query("DELETE FROM account WHERE name = 'Bea'")
  assert.equal((await visitor.get('/account')).status, 303)
})

test('sign-out ends the session, and does nothing for a visitor', async () => {
  const visitor = app.client()
  await visitor.post('/login', ada)
  const sid = visitor.cookies.get('sid') ?? ''
  const answer = await visitor.post('/logout')
  assert.equal(answer.headers.location, '/')
  assert.equal(visitor.cookies.has('sid'), false)
  const thief = app.client()
  thief.cookies.set('sid', sid)
  assert.equal((await thief.get('/account')).status, 303)
  assert.equal((await app.client().post('/logout', {}, { json: true })).status, 204)
})

test('/api/session shows a program who is signed in, and stores nothing for a visitor', async () => {
  const visitor = app.client()
  const anonymous = await visitor.get('/api/session', { json: true })
  assert.deepEqual(anonymous.body, { signedIn: false, account: null, basket: {}, expiresAt: null, replica: 'test' })
  assert.equal(visitor.cookies.size, 0)
  await visitor.post('/login', ada)
  const { body } = await visitor.get('/api/session', { json: true })
  assert.equal(body.signedIn, true)
  assert.equal(body.account.email, 'ada@example.com')
  assert.ok(Math.abs(Date.parse(body.expiresAt) - Date.now() - 30 * 86_400_000) < 60_000)
})

test('a second seed changes no account', async () => {
  await app.pool.query("UPDATE account SET password = 'chosen since' WHERE name = 'Sten'")
  await seedAccounts(createAccounts({ pool: app.pool }))
  const { rows } = await app.pool.query("SELECT password FROM account WHERE name = 'Sten'")
  assert.deepEqual(rows, [{ password: 'chosen since' }])
})

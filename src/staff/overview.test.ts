import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAccounts } from '../accounts/accounts.ts'
import { announceReplica } from '../database/replicas.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let app: TestServer
const password = 'a lantern over deep water'
before(async () => {
  app = await startTestServer()
  const accounts = createAccounts({ pool: app.pool })
  await accounts.create({ name: 'Sten', email: 'sten@example.com', password, role: 'staff' })
  await accounts.create({ name: 'Ada', email: 'ada@example.com', password, role: 'customer' })
  await announceReplica(app.pool, { name: 'app-7', version: '1.2.3', startedAt: new Date() })
})
after(() => app.close())

async function signedIn(email: string) {
  const client = app.client()
  assert.equal((await client.post('/login', { email, password })).status, 303)
  return client
}

test('staff see the number of sessions, and the replicas', async () => {
  const sten = await signedIn('sten@example.com')
  const { status, text } = await sten.get('/staff')
  assert.equal(status, 200)
  assert.match(text, /data-figure="signedIn">\d/)
  assert.match(text, /app-7[\s\S]*1\.2\.3/)
})

test('a program gets the figures as numbers', async () => {
  const sten = await signedIn('sten@example.com')
  const { body } = await sten.get('/staff', { json: true })
  const { sessions, replicas } = body
  assert.deepEqual(Object.keys(sessions).sort(), ['bytes', 'expired', 'live', 'signedIn'])
  for (const [name, figure] of Object.entries(sessions)) assert.equal(typeof figure, 'number', name)
  assert.ok(replicas.some(({ name }: { name: string }) => name === 'app-7'))
})

test('a customer gets a 403', async () => {
  const ada = await signedIn('ada@example.com')
  const { status, text } = await ada.get('/staff')
  assert.equal(status, 403)
  assert.match(text, /action="\/logout"/)
  assert.doesNotMatch(text, /href="\/staff"/)
  assert.equal((await ada.get('/staff', { json: true })).status, 403)
})

test('a visitor is redirected to the sign-in, a program gets a 401', async () => {
  const vic = app.client()
  const { status, headers } = await vic.get('/staff')
  assert.equal(status, 303)
  assert.equal(headers.location, '/login?next=%2Fstaff')
  assert.equal((await vic.get('/staff', { json: true })).status, 401)
})

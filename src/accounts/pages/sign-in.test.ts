import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { HttpClient } from '../../../test-support/http-client.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

const password = 'blue kettle sings'
const ada = { email: 'ada@example.com', password }
const wrong = { email: 'ada@example.com', password: 'wrong kettle sings' }
let app: TestServer
let owner: HttpClient

before(async () => {
  app = await startTestServer()
  owner = app.client()
  await owner.post('/register', { ...ada, name: 'Ada' })
  await app.client().post('/register', { email: 'sten@example.com', name: 'Sten', password })
  await app.pool.query("UPDATE account SET role = 'staff' WHERE name = 'Sten'")
})
beforeEach(() => app.pool.query('DELETE FROM attempt'))
after(() => app.close())

test('after a sign-in the user gets to the requested page, else to the account page', async () => {
  assert.equal((await app.client().post('/login', ada)).headers.location, '/account')
  assert.equal((await app.client().post('/login', { ...ada, next: '/basket' })).headers.location, '/basket')
  assert.equal((await app.client().post('/login', { ...ada, next: '//evil.example' })).headers.location, '/account')
  assert.equal((await app.client().post('/login', { ...ada, email: 'STEN@example.com' })).headers.location, '/staff')
  const twice = await app.client().post(
    '/login',
    {},
    {
      raw: `${new URLSearchParams(ada)}&next=/basket&next=/shop`,
    },
  )
  assert.equal(twice.headers.location, '/account')
})

test('a program gets the account', async () => {
  const answer = await app.client().post('/login', ada, { json: true })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.account.email, 'ada@example.com')
})

test('the form keeps the requested page, and nothing else of the query', async () => {
  assert.match((await app.client().get('/login?next=/basket')).text, /name="next" value="\/basket"/)
  assert.ok(!(await app.client().get('/login?next=//evil.example')).text.includes('evil'))
  assert.equal((await owner.get('/login?next=/basket')).headers.location, '/basket')
})

test('a wrong password, an unknown and a disabled address get the same response', async () => {
  await app.client().post('/register', { email: 'gone@example.com', name: 'Gone', password })
  await app.pool.query("UPDATE account SET disabled_at = now() WHERE name = 'Gone'")
  const tries = [wrong, { email: 'nobody@example.com', password }, { email: 'gone@example.com', password }]
  const answers = await Promise.all(tries.map((fields) => app.client().post('/login', fields, { json: true })))
  for (const answer of answers) {
    assert.equal(answer.status, 401)
    assert.deepEqual(answer.body, answers[0]?.body)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  const page = await app.client().post('/login', { ...wrong, next: '/basket' })
  assert.match(page.text, /value="ada@example\.com"/)
  assert.match(page.text, /value="\/basket"/)
  assert.ok(!page.text.includes(wrong.password))
})

test('a second sign-in rotates the id, and the old one is dead', async () => {
  const visitor = app.client()
  await visitor.post('/login', ada)
  const oldId = visitor.cookies.get('sid') ?? ''
  await visitor.post('/login', ada)
  assert.notEqual(visitor.cookies.get('sid'), oldId)
  const thief = app.client()
  thief.cookies.set('sid', oldId)
  assert.equal((await thief.get('/api/session', { json: true })).body.signedIn, false)
})

const incomplete: readonly object[] = [
  {},
  { password },
  { email: '', password },
  { email: 'ada', password },
  { email: ['ada@example.com'], password },
  { email: { a: 1 }, password },
  { email: `${'a'.repeat(10_000)}@example.com`, password },
  { email: 'a\0@example.com', password },
  { email: 'ada@example.com' },
  { email: 'ada@example.com', password: '' },
  { email: 'ada@example.com', password: [password] },
]
for (const fields of incomplete)
  test(`${JSON.stringify(fields).slice(0, 60)} is a 400 before any hash or count`, async () => {
    const answer = await app.client().post('/login', fields, { json: true })
    assert.equal(answer.status, 400)
    assert.equal((await app.pool.query('SELECT FROM attempt')).rowCount, 0)
  })

test('of forty concurrent guesses ten are tried, and the rest are a 429', async () => {
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => app.client().post('/login', wrong, { json: true })),
  )
  const count = (status: number) => answers.filter((answer) => answer.status === status).length
  assert.ok(count(401) <= 10)
  assert.equal(count(401) + count(429) + count(503), 40)
  for (const answer of answers.filter(({ status }) => status === 429 || status === 503))
    assert.ok(Number(answer.headers['retry-after']) > 0)
})

test("guesses lock unknown browsers out, and not the owner's browser", async () => {
  for (let guess = 0; guess < 10; guess += 1) assert.equal((await app.client().post('/login', wrong)).status, 401)
  assert.equal((await app.client().post('/login', ada)).status, 429)
  await owner.post('/logout')
  assert.equal((await owner.post('/login', wrong)).status, 401)
  assert.equal((await owner.post('/login', ada)).status, 303)
  const bea = app.client()
  await bea.post('/register', { email: 'bea@example.com', name: 'Bea', password })
  assert.equal((await bea.post('/login', ada)).status, 429)
})

test('a known browser is limited by its own failures', async () => {
  const browser = app.client()
  await browser.post('/login', ada)
  for (let guess = 0; guess < 10; guess += 1) assert.equal((await browser.post('/login', wrong)).status, 401)
  assert.equal((await browser.post('/login', ada)).status, 429)
  assert.equal((await owner.post('/login', ada)).status, 303)
})

test('right passwords never count', async () => {
  for (let signIn = 0; signIn < 12; signIn += 1) assert.equal((await app.client().post('/login', ada)).status, 303)
})

test('no log line holds an address, a password or a session id', () => {
  const sids = [...owner.cookies.values()].map((value) => decodeURIComponent(value).slice(2).split('.')[0] ?? '')
  for (const secret of [...sids, password, wrong.password, 'ada@example.com'])
    assert.ok(secret.length > 5 && !app.lines.join('').includes(secret))
})

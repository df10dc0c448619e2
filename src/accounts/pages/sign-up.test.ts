import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

const ada = { email: 'ada@example.com', name: 'Ada', password: 'blue kettle sings' }
const countAccounts = async () => Number((await app.pool.query('SELECT count(*) FROM account')).rows[0].count)

test('a name of invisible characters is missing, and no name reverses the direction of writing', async () => {
  const post = (name: string) =>
    app.client().post('/register', { email: 'vic@example.com', name, password: 'blue kettle sings' }, { json: true })
  for (const name of ['\u200b', '\u3164', '\u00ad\u2060', '\u2800 \u2800', '\u180e\ufe0f', ' \u200d ', '\u115f\uffa0'])
    assert.equal((await post(name)).body.errors.name, 'Name is missing.', JSON.stringify(name))
  for (const name of ['\u202eada', 'ada \u2067bea', '\u202e'])
    assert.match((await post(name)).body.errors.name, /missing|direction of writing/, JSON.stringify(name))
  for (const name of ['نامه‌ای', '👩‍🚀', '李', 'ﻋ‏a']) assert.equal((await post(name)).body.errors?.name, undefined, name)
})

test('a registration signs in and leads to the account page', async () => {
  const visitor = app.client()
  assert.equal((await visitor.get('/register')).status, 200)
  const answer = await visitor.post('/register', ada)
  assert.equal(answer.status, 303)
  assert.equal(answer.headers.location, '/account')
  const page = await visitor.get('/account')
  assert.equal(page.status, 200)
  assert.match(page.text, /ada@example\.com/)
})

test('a program gets 201 and the account without its password', async () => {
  const answer = await app.client().post('/register', { ...ada, email: 'json@example.com' }, { json: true })
  assert.equal(answer.status, 201)
  assert.deepEqual(Object.keys(answer.body.account), ['id', 'name', 'email', 'role'])
})

test('a role, an id or a credentials version in the form is ignored', async () => {
  const extra = { role: 'staff', id: '00000000-0000-0000-0000-000000000000', credentialsVersion: 7, disabled_at: 'now' }
  const visitor = app.client()
  const answer = await visitor.post('/register', { ...ada, email: 'eve@example.com', ...extra }, { json: true })
  assert.equal(answer.status, 201)
  assert.equal(answer.body.account.role, 'customer')
  assert.notEqual(answer.body.account.id, extra.id)
  assert.equal((await visitor.get('/staff')).status, 403)
})

test('a taken address is a 409 with advice, whatever its case', async () => {
  const before = await countAccounts()
  const answer = await app.client().post('/register', { ...ada, email: 'ADA@example.com' })
  assert.equal(answer.status, 409)
  assert.match(answer.text, /sign in instead/)
  assert.match(answer.text, /value="ADA@example\.com"/)
  assert.equal((await app.client().post('/register', ada, { json: true })).status, 409)
  assert.equal(await countAccounts(), before)
})

test('all errors are shown at once beside their fields, with the input but no password', async () => {
  const fields = { email: 'ada', name: 'Ada <script>', password: 'Ada1234567890' }
  const answer = await app.client().post('/register', fields)
  assert.equal(answer.status, 400)
  assert.match(answer.text, /id="field-email-error">[^<]*looks like/)
  assert.match(answer.text, /id="field-password-error">[^<]*little more than your e-mail address/)
  assert.match(answer.text, /value="Ada &lt;script&gt;"/)
  assert.ok(!answer.text.includes(fields.password))
  const problem = await app.client().post('/register', { email: 'ada' }, { json: true })
  assert.equal(problem.headers['content-type'], 'application/problem+json; charset=utf-8')
  assert.deepEqual(Object.keys(problem.body.errors).sort(), ['email', 'name', 'password'])
})

const bad: readonly (readonly [string, object])[] = [
  ['an array where an address belongs', { ...ada, email: ['x@example.com', 'y@example.com'] }],
  ['an object where a name belongs', { ...ada, email: 'x@example.com', name: { $ne: '' } }],
  ['an array where a password belongs', { ...ada, email: 'x@example.com', password: ['blue kettle sings'] }],
  ['an address of 10,000 characters', { ...ada, email: `${'x'.repeat(10_000)}@example.com` }],
  ['a NUL in the address', { ...ada, email: 'x\0@example.com' }],
  ['a NUL in the name', { ...ada, email: 'x@example.com', name: 'A\0da' }],
  ['a NUL in the password', { ...ada, email: 'x@example.com', password: 'blue\0kettle sings' }],
  ['a lone surrogate in the address', { ...ada, email: 'x\ud800@example.com' }],
  ['a number for everything', { email: 1, name: 2, password: 3 }],
  ['a list', [1, 2]],
]
for (const [what, fields] of bad)
  test(`${what} is a 400 that leaves nothing behind`, async () => {
    const before = await countAccounts()
    const visitor = app.client()
    const answer = await visitor.post('/register', fields, { json: true })
    assert.equal(answer.status, 400)
    assert.ok(Object.keys(answer.body.errors).length > 0)
    assert.equal(visitor.cookies.size, 0)
    assert.equal(await countAccounts(), before)
  })

test('duplicate fields in a form, and __proto__ in JSON, are no 500', async () => {
  const twice = await app
    .client()
    .post('/register', {}, { raw: 'email[]=a@b.c&email=a@b.c&email=d@e.f&name=A&password=x' })
  assert.equal(twice.status, 400)
  const raw = '{"__proto__":{"role":"staff"},"email":"p@example.com","name":"P","password":"blue kettle sings"}'
  const answer = await app.client().post('/register', {}, { raw, json: true })
  assert.equal(answer.status, 201)
  assert.equal(answer.body.account.role, 'customer')
})

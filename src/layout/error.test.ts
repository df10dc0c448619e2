import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestApp, testApp } from '../testing.ts'

let app: TestApp
before(async () => {
  app = await testApp()
})
after(() => app.close())

test('a page that is not there says so, names its request, and claims nobody signed in or out', async () => {
  const { status, text, headers } = await app.visitor().get('/nothing-here')
  assert.equal(status, 404)
  assert.match(text, /<h1>Not found<\/h1>/)
  assert.ok(text.includes(String(headers['x-request-id'])))
  assert.doesNotMatch(text, /href="\/login"|action="\/logout"/)
})

test('a form that needs somebody offers to sign in', async () => {
  const { status, text } = await app.visitor().post('/account/password', { current: 'x', password: 'y' })
  assert.equal(status, 401)
  assert.match(text, /<a class="button" href="\/login">Sign in<\/a>/)
})

test('a method that an address does not take is refused in the same dress', async () => {
  const { status, text } = await app.visitor().post('/shop', {})
  assert.equal(status, 405)
  assert.match(text, /data-replica=/)
})

test('while the store is away, the home page stands and claims nobody signed in or out; the basket says what is the matter', async () => {
  const vic = app.visitor()
  await vic.post('/register', { name: 'Vic', email: 'vic@example.com', password: 'a lantern over deep water' })
  const stranded = await testApp({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nothing' })
  try {
    const there = stranded.visitor()
    for (const [name, value] of vic.cookies) there.cookies.set(name, value)
    const home = await there.get('/')
    assert.equal(home.status, 200)
    assert.doesNotMatch(home.text, /href="\/(login|register|account)"|action="\/logout"/)
    const basket = await there.get('/basket')
    assert.equal(basket.status, 503)
    assert.match(basket.text, /nobody was signed out/)
    assert.match(String(basket.headers['retry-after']), /^\d+$/)
    assert.equal(basket.headers['set-cookie'], undefined)
  } finally {
    await stranded.close()
  }
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

let app: TestServer
before(async () => {
  app = await startTestServer()
})
after(() => app.close())

const ADA = { name: 'Ada <b>Byron</b>', email: 'ada@example.com', password: 'a lantern over deep water' }

test('the home page explains the site to a visitor, and offers the sign-in', async () => {
  const { status, text, headers } = await app.client().get('/')
  assert.equal(status, 200)
  assert.match(text, /small click-and-collect shop/)
  assert.match(text, /href="\/login"/)
  assert.doesNotMatch(text, /action="\/logout"/)
  assert.equal(headers['set-cookie'], undefined)
})

test('the home page greets a signed-in user by name, and has the sign-out button', async () => {
  const ada = app.client()
  await ada.post('/register', ADA)
  const { text } = await ada.get('/')
  assert.match(text, /Good to see you, Ada &lt;b&gt;Byron&lt;\/b&gt;\./)
  assert.match(text, /<form method="post" action="\/logout">/)
  assert.deepEqual((await ada.get('/', { json: true })).body, { greeted: ADA.name })
})

test('the footer names the replica, as the header does', async () => {
  const { text, headers } = await app.client().get('/')
  const replica = headers['x-served-by']
  assert.ok(replica)
  assert.ok(text.includes(`<p data-replica="${replica}">answered by ${replica}</p>`))
})

test('no page has inline scripts or styles, which the content policy forbids', async () => {
  const vic = app.client()
  for (const path of ['/', '/shop', '/basket', '/login', '/register', '/nothing-here']) {
    const { text } = await vic.get(path)
    assert.doesNotMatch(text, /\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)/, path)
  }
})

test("stylesheet, script and icons exist at the page's URLs", async () => {
  const vic = app.client()
  const { text } = await vic.get('/')
  const addresses = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, address]) => address ?? '')
  assert.equal(addresses.length, 4)
  for (const path of [...addresses, '/favicon.ico', '/robots.txt'])
    assert.equal((await vic.get(path)).status, 200, path)
})

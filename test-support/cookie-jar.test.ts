import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClock, daysInMs } from './clock.ts'
import { createCookieJar } from './cookie-jar.ts'

const site = new URL('http://here.example/')
const later = (milliseconds: number) => new Date(Date.now() + milliseconds).toUTCString()

function jarWith(...lines: readonly string[]) {
  const jar = createCookieJar(createClock())
  jar.take(lines, site)
  return jar
}

test("a cookie is sent until its Expires has passed on the jar's clock", () => {
  const jar = jarWith(`sid=a; Path=/; Expires=${later(daysInMs(30))}`)
  jar.clock.forward(daysInMs(29))
  assert.equal(jar.header(site), 'sid=a')
  jar.clock.forward(daysInMs(2))
  assert.equal(jar.header(site), undefined)
})

test('an expiry that came after time had moved on counts from then', () => {
  const jar = createCookieJar(createClock())
  jar.clock.forward(daysInMs(20))
  jar.take([`sid=a; Path=/; Expires=${later(daysInMs(30))}`], site)
  jar.clock.forward(daysInMs(20))
  assert.equal(jar.header(site), 'sid=a')
})

test('Max-Age wins over Expires, and zero deletes', () => {
  const jar = jarWith(`sid=a; Path=/; Max-Age=60; Expires=${later(daysInMs(30))}`)
  jar.clock.forward(61_000)
  assert.equal(jar.header(site), undefined)
  const other = jarWith('sid=a; Path=/', 'sid=; Path=/; Max-Age=0')
  assert.equal(other.header(site), undefined)
  assert.deepEqual(other.all(), [])
})

test('a cookie that comes expired deletes the one that was there', () => {
  assert.equal(jarWith('sid=a; Path=/', 'sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT').header(site), undefined)
})

test('a cookie without an expiry lasts while the browser is open', () => {
  const jar = jarWith('sid=a; Path=/')
  jar.clock.forward(daysInMs(400))
  assert.equal(jar.header(site), 'sid=a')
})

test('a secure cookie is not sent in the clear', () => {
  const jar = jarWith('sid=a; Path=/; Secure')
  assert.equal(jar.header(site), undefined)
  assert.equal(jar.header(new URL('https://here.example/')), 'sid=a')
})

test('a cookie goes to its path and below, and nowhere else', () => {
  const jar = jarWith('sid=a; Path=/account')
  const sent = ['/', '/account', '/account/sessions', '/accounting'].map((path) => jar.header(new URL(path, site)))
  assert.deepEqual(sent, [undefined, 'sid=a', 'sid=a', undefined])
})

test('a __Host- cookie that is not secure is refused', () => {
  assert.deepEqual(jarWith('__Host-sid=a; Path=/').all(), [])
  assert.equal(jarWith('__Host-sid=a; Path=/; Secure').all().length, 1)
})

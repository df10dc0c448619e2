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

test("A jar sends a cookie until its Expires has passed on the jar's clock", () => {
  const jar = jarWith(`sid=a; Path=/; Expires=${later(daysInMs(30))}`)
  jar.clock.forward(daysInMs(29))
  assert.equal(jar.header(site), 'sid=a')
  jar.clock.forward(daysInMs(2))
  assert.equal(jar.header(site), undefined)
})

test("An expiry counts from the jar's time at its arrival", () => {
  const jar = createCookieJar(createClock())
  jar.clock.forward(daysInMs(20))
  jar.take([`sid=a; Path=/; Expires=${later(daysInMs(30))}`], site)
  jar.clock.forward(daysInMs(20))
  assert.equal(jar.header(site), 'sid=a')
})

test('Max-Age takes precedence over Expires, and zero deletes', () => {
  const jar = jarWith(`sid=a; Path=/; Max-Age=60; Expires=${later(daysInMs(30))}`)
  jar.clock.forward(61_000)
  assert.equal(jar.header(site), undefined)
  const other = jarWith('sid=a; Path=/', 'sid=; Path=/; Max-Age=0')
  assert.equal(other.header(site), undefined)
  assert.deepEqual(other.all(), [])
})

test('An expired Set-Cookie deletes the cookie', () => {
  assert.equal(jarWith('sid=a; Path=/', 'sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT').header(site), undefined)
})

test('A cookie without an expiry lasts while the browser is open', () => {
  const jar = jarWith('sid=a; Path=/')
  jar.clock.forward(daysInMs(400))
  assert.equal(jar.header(site), 'sid=a')
})

test('A jar does not send a Secure cookie over HTTP', () => {
  const jar = jarWith('sid=a; Path=/; Secure')
  assert.equal(jar.header(site), undefined)
  assert.equal(jar.header(new URL('https://here.example/')), 'sid=a')
})

test('A jar sends a cookie to its path and below, and nowhere else', () => {
  const jar = jarWith('sid=a; Path=/account')
  const sent = ['/', '/account', '/account/sessions', '/accounting'].map((path) => jar.header(new URL(path, site)))
  assert.deepEqual(sent, [undefined, 'sid=a', 'sid=a', undefined])
})

test('A jar refuses a __Host- cookie that is not Secure', () => {
  assert.deepEqual(jarWith('__Host-sid=a; Path=/').all(), [])
  assert.equal(jarWith('__Host-sid=a; Path=/; Secure').all().length, 1)
})

test('A jar plants, lists and deletes cookies by name', () => {
  const jar = jarWith('sid=a; Path=/', 'sid=b; Path=/api')
  jar.set('other', 'c')
  assert.deepEqual(
    [...jar],
    [
      ['sid', 'b'],
      ['sid', 'a'],
      ['other', 'c'],
    ],
  )
  jar.delete('sid')
  assert.deepEqual([jar.keys(), jar.has('sid'), jar.size], [['other'], false, 1])
  jar.clear()
  assert.deepEqual([jar.all(), jar.history().slice(0, 3)], [[], ['a', 'b', 'c']])
})

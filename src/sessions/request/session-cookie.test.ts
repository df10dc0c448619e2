import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieNames, createSignatures, readCookies } from './session-cookie.ts'

const secrets = createSignatures(['the new secret', 'the old secret'])
const readCookie = (header: string | undefined) => readCookies(header, 'sid', secrets, 4)
const signed = (sid: string, secret = 'the new secret') =>
  `sid=${encodeURIComponent(createSignatures([secret]).sign(sid))}`

test('each secret of the list verifies cookies, and the result names the secret', () => {
  assert.deepEqual(readCookie(signed('abc')), [{ sid: 'abc', secretIndex: 0 }])
  assert.deepEqual(readCookie(signed('abc', 'the old secret')), [{ sid: 'abc', secretIndex: 1 }])
})

test('of two cookies of one name the verified one wins, at either position', () => {
  assert.deepEqual(readCookie(`sid=s%3Aforged.x; ${signed('abc')}`), [{ sid: 'abc', secretIndex: 0 }])
  assert.deepEqual(readCookie(`${signed('abc')}; sid=s%3Aforged.x`), [{ sid: 'abc', secretIndex: 0 }])
})

test('all verified cookies are returned in their order, each sid once', () => {
  const header = ['abc', 'def', 'abc'].map((sid) => signed(sid)).join('; ')
  const told = [
    { sid: 'abc', secretIndex: 0 },
    { sid: 'def', secretIndex: 0 },
  ]
  assert.deepEqual(readCookie(header), told)
  // With the older index each response would set the cookie again.
  assert.deepEqual(readCookie(`${signed('abc', 'the old secret')}; ${header}`), told)
  assert.equal(readCookie(['a', 'b', 'c', 'd', 'e'].map((sid) => signed(sid)).join('; ')).length, 4)
})

test('the names of all cookies are returned, whatever their values', () => {
  assert.deepEqual([...cookieNames(' a=1;b = 2; c; =; a=3')], ['a', 'b', ''])
})

const refused: readonly [string, string | undefined][] = [
  ['no header', undefined],
  ['a forged signature', 'sid=s%3Aabc.forged'],
  ['a truncated value', signed('abc').slice(0, -4)],
  ['a value that was never signed', 'sid=abc'],
  ['a malformed escape', 'sid=s%3Aabc%'],
  ["another secret's", signed('abc', 'a stranger')],
  ["another name's", signed('abc').replace('sid=', 'sidecar=')],
  ['an empty sid', signed('')],
  ['a sid of control characters', signed('a\u0000b')],
  ['a sid that is too long', signed('x'.repeat(256))],
  ['a value of 8 KB', `sid=${'x'.repeat(8192)}`],
]

for (const [what, header] of refused) test(`${what} is no session`, () => assert.deepEqual(readCookie(header), []))

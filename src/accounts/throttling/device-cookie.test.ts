import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request, Response } from 'express'
import { createDeviceCookies } from './device-cookie.ts'

const secrets = ['the newest secret', 'the previous secret']
const devices = createDeviceCookies({ secrets, https: true })

interface Sent {
  readonly name: string
  readonly value: string
  readonly options: Readonly<Record<string, unknown>>
}

const from = (...cookies: readonly string[]) =>
  ({ headers: { cookie: cookies.map((value) => `__Host-known=${value}`).join('; ') } }) as unknown as Request

function remembered(browsers: typeof devices, req: Request, email: string): Sent {
  const sent: Sent[] = []
  const res = { cookie: (name: string, value: string, options: Sent['options']) => sent.push({ name, value, options }) }
  browsers.remember(req, res as unknown as Response, email)
  assert.equal(sent.length, 1)
  return sent[0]!
}

test('a browser is known for the accounts that signed in there, and for no other', () => {
  const { name, value, options } = remembered(devices, from(), 'Ada@example.com')
  assert.equal(name, '__Host-known')
  assert.deepEqual([options.httpOnly, options.secure, options.path, options.sameSite], [true, true, '/', 'lax'])
  assert.ok(devices.recognise(from(value), 'ada@EXAMPLE.com'))
  assert.equal(devices.recognise(from(value), 'bea@example.com'), undefined)
  assert.equal(devices.recognise(from(), 'ada@example.com'), undefined)
  assert.ok(!value.includes('ada'))
})

test('a browser that is known by one spelling of a Unicode domain is known by the other', () => {
  const { value } = remembered(devices, from(), 'ada@b\u00fccher.example')
  assert.ok(devices.recognise(from(value), 'ada@xn--bcher-kva.example'))
})

test('a shared browser is known for the last four accounts', () => {
  const emails = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${letter}@example.com`)
  const value = emails.reduce((held, email) => remembered(devices, from(held), email).value, '')
  assert.equal(devices.recognise(from(value), 'a@example.com'), undefined)
  const ids = emails.slice(1).map((email) => devices.recognise(from(value), email))
  assert.ok(ids[0])
  assert.equal(new Set(ids).size, 1)
})

test('a second sign-in changes nothing', () => {
  const { value } = remembered(devices, from(), 'ada@example.com')
  assert.equal(remembered(devices, from(value), 'ada@example.com').value, value)
})

test('a browser stays known while a secret is rotated, and is signed with the newest', () => {
  const previous = createDeviceCookies({ secrets: ['the previous secret'], https: true })
  const newest = createDeviceCookies({ secrets: ['the newest secret'], https: true })
  const old = remembered(previous, from(), 'ada@example.com').value
  assert.ok(devices.recognise(from(old), 'ada@example.com'))
  assert.equal(newest.recognise(from(old), 'ada@example.com'), undefined)
  const renewed = remembered(devices, from(old), 'ada@example.com').value
  assert.equal(newest.recognise(from(renewed), 'ada@example.com'), devices.recognise(from(old), 'ada@example.com'))
  assert.equal(renewed.split('.').length, 2)
})

test('a planted cookie beside it neither hides it nor is trusted', () => {
  const { value } = remembered(devices, from(), 'ada@example.com')
  const forged = value.replace(/[\w-]{22}$/, 'A'.repeat(22))
  assert.equal(devices.recognise(from(forged), 'ada@example.com'), undefined)
  assert.ok(devices.recognise(from(forged, value), 'ada@example.com'))
})

const INVALID_VALUES = [
  '',
  '.',
  'x',
  'A'.repeat(8000),
  `${'A'.repeat(22)}`,
  `${'A'.repeat(22)}.`,
  '"quoted"',
  '%00',
  'a.b.c.d.e.f.g',
]
for (const value of INVALID_VALUES)
  test(`${JSON.stringify(value).slice(0, 30)} makes no browser known`, () => {
    assert.equal(devices.recognise(from(value), 'ada@example.com'), undefined)
    assert.match(remembered(devices, from(value), 'ada@example.com').value, /^[\w-]{22}\.[\w-]{22}$/)
  })

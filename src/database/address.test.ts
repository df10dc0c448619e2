import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddress } from './address.ts'

const base = 'postgres://ada:pw@db.example:5432/shop'

test('without sslmode there is no TLS, and the address is unchanged', () => {
  assert.deepEqual(readAddress(`${base}?options=x`), { connectionString: `${base}?options=x`, ssl: false })
})

const modes: readonly [string, object | false][] = [
  ['disable', false],
  ['require', { rejectUnauthorized: false }],
  ['no-verify', { rejectUnauthorized: false }],
  ['verify-full', {}],
]
for (const [mode, ssl] of modes)
  test(`sslmode=${mode} means the same as in libpq`, () => {
    assert.deepEqual(readAddress(`${base}?sslmode=${mode}`), { connectionString: base, ssl })
  })

test('sslmode=verify-ca checks the issuer, not the name', () => {
  const { ssl } = readAddress(`${base}?sslmode=verify-ca`)
  assert.ok(ssl)
  assert.equal(ssl.rejectUnauthorized, undefined)
  assert.equal(ssl.checkServerIdentity?.('db.example', {} as never), undefined)
})

const refused: readonly [string, RegExp][] = [
  ['not an address at all, pw', /is no address/],
  ['mysql://ada:pw@db/shop', /must begin with postgres/],
  [`${base}?sslmode=prefer`, /sslmode/],
  [`${base}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`, /cannot be read/],
]
for (const [address, fault] of refused)
  test(`"${address.replace('pw', '…')}" is refused, and the error hides the password`, () => {
    assert.throws(
      () => readAddress(address),
      (error: Error) => fault.test(error.message) && !error.message.includes('pw'),
    )
  })

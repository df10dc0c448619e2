import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from 'express'
import type { AppError } from '../runtime/errors.ts'
import type { Account } from './accounts.ts'
import { authenticate, authorize, claimOf } from './authentication.ts'

const ada: Account = {
  id: '5f0c9a52-7a37-4f0e-9a59-2f6c9f1f9d10',
  name: 'Ada',
  email: 'ada@example.com',
  role: 'customer',
  credentialsVersion: 2,
  disabledAt: null,
  createdAt: new Date(0),
}
const sten: Account = { ...ada, role: 'staff' }
const asks = (session: object | undefined) => ({ session }) as unknown as Request
const find = (account: Account | null) => ({ findById: async () => account })

test("a session holds the account's id and credentials version", () => {
  assert.deepEqual(claimOf({ account: 'x', credentialsVersion: 3 }), { id: 'x', credentialsVersion: 3 })
  assert.deepEqual(claimOf({ account: 'x' }), { id: 'x', credentialsVersion: 0 })
  assert.equal(claimOf({}), undefined)
  assert.equal(claimOf(undefined), undefined)
  assert.equal(claimOf({ account: { id: 'x' } } as never), undefined)
})

test("a session is valid only for its account's current credentials version", async () => {
  assert.equal(await authenticate(asks({ account: ada.id, credentialsVersion: 2 }), find(ada)), ada)
  assert.equal(await authenticate(asks({ account: ada.id, credentialsVersion: 1 }), find(ada)), null)
  assert.equal(await authenticate(asks({ account: ada.id }), find(ada)), null)
  assert.equal(
    await authenticate(asks({ account: ada.id, credentialsVersion: 2 }), find({ ...ada, disabledAt: new Date() })),
    null,
  )
  assert.equal(await authenticate(asks({ account: ada.id, credentialsVersion: 2 }), find(null)), null)
  assert.equal(await authenticate(asks(undefined), find(ada)), null)
})

test('each role may use its routes', () => {
  const kind = (user: Account | null, access: 'anyone' | 'customer' | 'staff') => {
    try {
      authorize(user, access)
      return 'admitted'
    } catch (error) {
      return (error as AppError).kind
    }
  }
  assert.deepEqual(
    [null, ada, sten].map((user) => (['anyone', 'customer', 'staff'] as const).map((access) => kind(user, access))),
    [
      ['admitted', 'unauthenticated', 'unauthenticated'],
      ['admitted', 'admitted', 'forbidden'],
      ['admitted', 'admitted', 'admitted'],
    ],
  )
})

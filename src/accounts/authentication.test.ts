import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request } from 'express'
import type { Refusal } from '../runtime/errors.ts'
import type { Account } from './accounts.ts'
import { accountOf, admit, identify } from './authentication.ts'

const ada: Account = {
  id: '5f0c9a52-7a37-4f0e-9a59-2f6c9f1f9d10',
  name: 'Ada',
  email: 'ada@example.com',
  role: 'customer',
  generation: 2,
  disabledAt: null,
  createdAt: new Date(0),
}
const sten: Account = { ...ada, role: 'staff' }
const asks = (session: object | undefined) => ({ session }) as unknown as Request
const find = (account: Account | null) => ({ find: async () => account })

test('a session says who is signed in, and as of which generation', () => {
  assert.deepEqual(accountOf({ account: 'x', generation: 3 }), { id: 'x', generation: 3 })
  assert.deepEqual(accountOf({ account: 'x' }), { id: 'x', generation: 0 })
  assert.equal(accountOf({}), undefined)
  assert.equal(accountOf(undefined), undefined)
  assert.equal(accountOf({ account: { id: 'x' } } as never), undefined)
})

test('a session is honoured only at its account’s generation', async () => {
  assert.equal(await identify(asks({ account: ada.id, generation: 2 }), find(ada)), ada)
  assert.equal(await identify(asks({ account: ada.id, generation: 1 }), find(ada)), null)
  assert.equal(await identify(asks({ account: ada.id }), find(ada)), null)
  assert.equal(await identify(asks({ account: ada.id, generation: 2 }), find({ ...ada, disabledAt: new Date() })), null)
  assert.equal(await identify(asks({ account: ada.id, generation: 2 }), find(null)), null)
  assert.equal(await identify(asks(undefined), find(ada)), null)
})

test('who may come where', () => {
  const kind = (person: Account | null, who: 'anyone' | 'customer' | 'staff') => {
    try {
      admit(person, who)
      return 'admitted'
    } catch (error) {
      return (error as Refusal).kind
    }
  }
  assert.deepEqual(
    [null, ada, sten].map((person) => (['anyone', 'customer', 'staff'] as const).map((who) => kind(person, who))),
    [
      ['admitted', 'unauthenticated', 'unauthenticated'],
      ['admitted', 'admitted', 'forbidden'],
      ['admitted', 'admitted', 'admitted'],
    ],
  )
})

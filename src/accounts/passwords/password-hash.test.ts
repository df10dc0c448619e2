import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COST, dummyHash, hashPassword, needsRehash, verifyPassword } from './password-hash.ts'

/** argon2's minimum, for a fast test. */
const cheap = { memory: 8, passes: 1, parallelism: 1 }

test("a hash is argon2id at OWASP's minimum, names its cost, and verifies its password alone", async () => {
  const hash = await hashPassword('blue kettle sings')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await verifyPassword('blue kettle sings', hash), true)
  assert.equal(await verifyPassword('blue kettle sing', hash), false)
  assert.notEqual(await hashPassword('blue kettle sings', cheap), await hashPassword('blue kettle sings', cheap))
})

test('a foreign hash is verified at its own cost', async () => {
  // From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 4 -l
  // 24
  const foreign = '$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG'
  const made = await verifyPassword(
    'password',
    '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  )
  assert.equal(made, true)
  assert.equal(needsRehash(foreign), false)
})

test('a raised cost asks for a new hash, a lowered one does not', async () => {
  assert.equal(needsRehash(await hashPassword('blue kettle sings', cheap)), true)
  assert.equal(needsRehash(dummyHash()), false)
  assert.equal(needsRehash(dummyHash(cheap), cheap), false)
  assert.equal(needsRehash(dummyHash(), cheap), false)
  assert.equal(needsRehash('no hash'), true)
})

const unreadable: readonly string[] = [
  '',
  'no hash',
  '$2b$12$abcdefghijklmnopqrstuv',
  '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=8,t=999,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=8,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  '$argon2id$v=19$m=8,t=1,p=99$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
]

for (const stored of unreadable)
  test(`an invalid or too expensive hash verifies nothing: ${stored.slice(0, 32)}`, async () => {
    assert.equal(await verifyPassword('blue kettle sings', stored, cheap), false)
  })

const TOO_EXPENSIVE = [
  { ...cheap, memory: 131_080 },
  { ...cheap, passes: 17 },
  { ...cheap, memory: 40, parallelism: 5 },
]
for (const cost of TOO_EXPENSIVE)
  test(`even the right password does not make this process spend ${JSON.stringify(cost)}`, async () => {
    const stored = await hashPassword('blue kettle sings', cost)
    assert.equal(await verifyPassword('blue kettle sings', stored, cheap), false)
  })

test('the dummy hash costs as much as a real one', () => {
  assert.equal(dummyHash().split('$')[3], `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`)
  assert.notEqual(dummyHash(), dummyHash())
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COST, dummyHash, hashPassword, needsRehash, verifyPassword } from './password-hash.ts'

/** As little as argon2 allows, so that the suite is quick. */
const cheap = { memory: 8, passes: 1, parallelism: 1 }

test('a hash is argon2id at OWASP’s minimum, says so itself, and knows its password alone', async () => {
  const hash = await hashPassword('blue kettle sings')
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await verifyPassword('blue kettle sings', hash), true)
  assert.equal(await verifyPassword('blue kettle sing', hash), false)
  assert.notEqual(await hashPassword('blue kettle sings', cheap), await hashPassword('blue kettle sings', cheap))
})

test('a hash that was made elsewhere is verified at the cost that it names', async () => {
  // From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 4 -l 24
  const foreign = '$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG'
  const made = await verifyPassword(
    'password',
    '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
  )
  assert.equal(made, true)
  assert.equal(needsRehash(foreign), false)
})

test('a cost that was raised asks for a new hash, one that was lowered does not', async () => {
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
  test(`what is no affordable hash verifies nothing: ${stored.slice(0, 32)}`, async () => {
    assert.equal(await verifyPassword('blue kettle sings', stored, cheap), false)
  })

const dear = [
  { ...cheap, memory: 131_080 },
  { ...cheap, passes: 17 },
  { ...cheap, memory: 40, parallelism: 5 },
]
for (const cost of dear)
  test(`not even the right password makes this process spend ${JSON.stringify(cost)}`, async () => {
    const stored = await hashPassword('blue kettle sings', cost)
    assert.equal(await verifyPassword('blue kettle sings', stored, cheap), false)
  })

test('a decoy costs what a hash costs', () => {
  assert.equal(dummyHash().split('$')[3], `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`)
  assert.notEqual(dummyHash(), dummyHash())
})

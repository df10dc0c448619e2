import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { type Accounts, createAccounts } from './accounts.ts'

const cost = { memory: 8, passes: 1, parallelism: 1 }
const ada = { email: 'Ada@Example.com', name: 'Ada', role: 'customer', password: 'blue kettle sings' } as const
let database: TestDatabase
let accounts: Accounts

before(async () => {
  database = await freshDatabase()
  accounts = createAccounts({ pool: database.pool, cost })
})
after(() => database.drop())

test('of ten concurrent registrations of one address one wins, and no connection is lost', async () => {
  const spellings = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'ada@example.com' : 'ADA@example.com'))
  const made = await Promise.all(spellings.map((email) => accounts.create({ ...ada, email })))
  assert.equal(made.filter((account) => account !== null).length, 1)
  assert.ok(database.pool.totalCount > 0)
})

test('an address is stored as typed and found in any case', async () => {
  const bea = await accounts.create({ ...ada, email: 'Bea.Big@Example.com', name: 'Bea' })
  assert.equal(bea?.email, 'Bea.Big@Example.com')
  assert.equal((await accounts.findByEmail('bea.big@example.COM'))?.id, bea?.id)
  assert.equal((await accounts.verifyCredentials('BEA.BIG@example.com', ada.password))?.id, bea?.id)
})

test('a wrong password, an unknown and a disabled address give null after one hash', async () => {
  const gone = await accounts.create({ ...ada, email: 'gone@example.com' })
  assert.ok(gone)
  await accounts.disable(gone.id)
  const begun: string[] = []
  const attempt = { begin: async () => void begun.push('begun'), succeeded: () => assert.fail('nothing succeeded') }
  assert.equal(await accounts.verifyCredentials('bea.big@example.com', 'wrong kettle sings', attempt), null)
  assert.equal(await accounts.verifyCredentials('nobody@example.com', ada.password, attempt), null)
  assert.equal(await accounts.verifyCredentials('gone@example.com', ada.password, attempt), null)
  assert.deepEqual(begun, ['begun', 'begun', 'begun'])
  await accounts.enable(gone.id)
  assert.equal((await accounts.verifyCredentials('gone@example.com', ada.password))?.id, gone.id)
})

test('a weak hash is replaced when its owner signs in', async () => {
  const dearer = createAccounts({ pool: database.pool, cost: { ...cost, passes: 2 } })
  const stored = async () =>
    (await database.pool.query("SELECT password FROM account WHERE email_key = 'bea.big@example.com'")).rows[0].password
  await dearer.verifyCredentials('bea.big@example.com', 'wrong kettle sings')
  assert.match(await stored(), /t=1/)
  const before = await dearer.verifyCredentials('bea.big@example.com', ada.password)
  assert.match(await stored(), /t=2/)
  assert.equal(
    (await dearer.verifyCredentials('bea.big@example.com', ada.password))?.credentialsVersion,
    before?.credentialsVersion,
  )
})

test('of two concurrent password changes one wins, and the credentials version rises once', async () => {
  const cy = await accounts.create({ ...ada, email: 'cy@example.com' })
  assert.ok(cy)
  const changes = ['green kettle sings', 'white kettle sings'].map((next) =>
    accounts.changePassword(cy.id, ada.password, next),
  )
  const made = (await Promise.all(changes)).filter((account) => account !== null)
  assert.equal(made.length, 1)
  assert.equal((await accounts.findById(cy.id))?.credentialsVersion, 1)
  assert.equal(await accounts.verifyCredentials('cy@example.com', ada.password), null)
})

test('disabling, signing out everywhere and setting a password each raise the credentials version', async () => {
  const dee = await accounts.create({ ...ada, email: 'dee@example.com' })
  assert.ok(dee)
  assert.equal(dee.credentialsVersion, 0)
  assert.equal((await accounts.disable(dee.id))?.credentialsVersion, 1)
  assert.equal((await accounts.enable(dee.id))?.disabledAt, null)
  assert.equal((await accounts.signOutEverywhere(dee.id))?.credentialsVersion, 2)
  assert.equal((await accounts.setPassword(dee.id, 'green kettle sings'))?.credentialsVersion, 3)
  assert.equal(await accounts.delete(dee.id), true)
  assert.equal(await accounts.findById(dee.id), null)
})

test('an id of another application finds no account and costs no statement', async () => {
  for (const id of ['', '7', 'undefined', "'; DROP TABLE account; --", 'x'.repeat(10_000)]) {
    assert.equal(await accounts.findById(id), null)
    assert.equal(await accounts.delete(id), false)
  }
})

test('a password typed in another Unicode form signs in', async () => {
  await accounts.create({ ...ada, email: 'zoe@example.com', password: 'caf\u00e9 kettle sings' })
  assert.ok(await accounts.verifyCredentials('zoe@example.com', 'cafe\u0301 kettle sings'))
})

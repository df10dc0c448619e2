import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestDatabase, testDatabase } from '../../../src/database/testing.ts'
import { holdContest } from './contest.ts'
import type { Race } from './race.ts'
import { renames } from './renames.ts'
import { faultsOf } from './report.ts'
import { signOuts } from './sign-outs.ts'
import { openTrack, type Track } from './track.ts'
import { updates } from './updates.ts'
import { writes } from './writes.ts'

/** Nine rounds, so that a replica is killed in one; `npm run races` holds the same with thousands. */
const COUNT = 280
/** Enough for stock to fail. */
const STOCK = 40

let database: TestDatabase
let track: Track

before(async () => {
  database = await testDatabase()
  track = await openTrack(database.url)
})
after(async () => {
  await track?.close()
  await database?.drop()
})

test('a session that ends while other replicas write to it stays ended, and comes back with stock', async () => {
  await holds(signOuts)
})

test('what replicas write to one session at once is all kept, though one is killed, and lost with stock', async () => {
  await holds(writes)
})

test('what replicas count at once in one field is all counted, and lost with stock', async () => {
  await holds(updates)
})

test('a session that gets a new id keeps what other replicas write to it meanwhile, and loses it with stock', async () => {
  await holds(renames)
})

async function holds(race: Race): Promise<void> {
  const stock = await holdContest(race, { track, store: 'stock', count: STOCK })
  const own = await holdContest(race, { track, store: 'own', count: COUNT })
  assert.deepEqual(faultsOf({ race, stock, own }), [])
}

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type FreshDatabase, freshDatabase } from '../../src/testing/fresh-database.ts'
import { openTrack, type Track } from './environment.ts'
import { faultsOf } from './report.ts'
import { holdContest } from './run-round.ts'
import { renames } from './workloads/rotate-id.ts'
import { signOuts } from './workloads/sign-out.ts'
import { updates } from './workloads/update.ts'
import type { Race } from './workloads/workload.ts'
import { writes } from './workloads/write.ts'

/** Nine rounds, so that a replica is killed in one; `npm run races` holds the same with thousands. */
const COUNT = 280
/** Enough for stock to fail. */
const STOCK = 40

let database: FreshDatabase
let track: Track

before(async () => {
  database = await freshDatabase()
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

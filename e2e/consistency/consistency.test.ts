import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { TestDatabase } from '../../src/sessions/testing/test-database.ts'
import { freshDatabase } from '../../src/testing/fresh-database.ts'
import type { Workload } from './operation.ts'
import { violationsOf } from './report.ts'
import { type ConsistencyEnvironment, openConsistencyEnvironment, runWorkload } from './run-workload.ts'
import { rotateId } from './workloads/rotate-id.ts'
import { signOut } from './workloads/sign-out.ts'
import { update } from './workloads/update.ts'
import { write } from './workloads/write.ts'

/** Nine rounds, so that a replica is killed in one; `npm run consistency` checks thousands. */
const COUNT = 280
/** Enough for connect-pg-simple to fail. */
const CONTROL_COUNT = 40

let database: TestDatabase
let environment: ConsistencyEnvironment

before(async () => {
  database = await freshDatabase()
  environment = await openConsistencyEnvironment(database.url)
})
after(async () => {
  await environment?.close()
  await database?.drop()
})

test('a session that ends while other replicas write to it stays ended, and comes back with connect-pg-simple', async () => {
  await checkWorkload(signOut)
})

test('concurrent writes of several replicas to one session are kept, though one is killed, and lost with connect-pg-simple', async () => {
  await checkWorkload(write)
})

test('concurrent increments of one field by several replicas are counted, and lost with connect-pg-simple', async () => {
  await checkWorkload(update)
})

test('a session whose id is rotated keeps concurrent writes of other replicas, and loses them with connect-pg-simple', async () => {
  await checkWorkload(rotateId)
})

async function checkWorkload(workload: Workload): Promise<void> {
  const control = await runWorkload(workload, { environment, store: 'connect-pg-simple', count: CONTROL_COUNT })
  const roundhouse = await runWorkload(workload, { environment, store: 'roundhouse', count: COUNT })
  assert.deepEqual(violationsOf({ workload, counters: { 'connect-pg-simple': control, roundhouse } }), [])
}

import assert from 'node:assert/strict'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { linesOf } from '../../support/assertions/log-search.ts'
import { useCluster } from '../../support/fixture.ts'

/** Each replica asks for a turn within its first minute; of five the first does so after ten seconds on average. */
const stage = useCluster({ replicas: 5 }, 'database', 'logs')
const { scenario, person } = stage
const PATIENCE = 75_000
const MANY = 2500

scenario('sessions that have expired are removed, by one replica, and living ones are left', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  const living = await stage.database.sessions()
  await stage.database.rows(
    `INSERT INTO session (sid, sess, expire)
     SELECT 'expired-' || n, '{"cookie":{}}', now() AT TIME ZONE session_zone() - interval '1 hour' FROM generate_series(1, $1) n`,
    [MANY],
  )
  // Whoever had a turn before these were there is as if it had not.
  await stage.database.rows('DELETE FROM job_run')
  const began = performance.now()
  await waitFor(
    'the expired sessions to be removed',
    PATIENCE,
    async () => (await stage.database.sessions()) === living,
  )
  test.diagnostic(`removed after ${Math.round((performance.now() - began) / 1000)} s`)
  await expectSignedIn(ada, email)
  const told = linesOf(await stage.cluster.logs()).filter(({ text }) => text.includes('"job":"expired sessions"'))
  const removed = told.map(({ text }) => JSON.parse(text).removed).filter((count) => count > 0)
  assert.deepEqual(removed, [MANY], 'one replica has removed and told them all')
})

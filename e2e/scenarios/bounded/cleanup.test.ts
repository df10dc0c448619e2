import assert from 'node:assert/strict'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { linesOf } from '../../support/assertions/log-search.ts'
import { useCluster } from '../../support/fixture.ts'

/** Replicas try the job within their first minute; the first of five after 10 s on average. */
const fixture = useCluster({ replicas: 5 }, 'database', 'logs')
const { scenario, person } = fixture
const MAX_MS = 75_000
const EXPIRED = 2500

scenario('One replica removes the expired sessions and keeps the living ones', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  const living = await fixture.database.sessions()
  await fixture.database.rows(
    `INSERT INTO session (sid, sess, expire)
     SELECT 'expired-' || n, '{"cookie":{}}', now() AT TIME ZONE session_zone() - interval '1 hour' FROM generate_series(1, $1) n`,
    [EXPIRED],
  )
  // A run before these rows existed does not count.
  await fixture.database.rows('DELETE FROM job_run')
  const start = performance.now()
  const isDone = async () => (await fixture.database.sessions()) === living
  await waitFor('the expired sessions to be removed', MAX_MS, isDone)
  test.diagnostic(`removed after ${Math.round((performance.now() - start) / 1000)} s`)
  await expectSignedIn(ada, email)
  const lines = linesOf(await fixture.cluster.logs()).filter(({ text }) => text.includes('"job":"expired sessions"'))
  const removed = lines.map(({ text }) => JSON.parse(text).removed).filter((count) => count > 0)
  assert.deepEqual(removed, [EXPIRED], 'one replica removed and logged all of them')
})

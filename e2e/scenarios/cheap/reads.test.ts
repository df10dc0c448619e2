import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectSignedIn, fillBasket, register } from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const fixture = useClusterBehindProxy()
const { scenario, person } = fixture
const PAGES = ['/account', '/basket', '/shop', '/', '/api/session']
const PUBLIC_PAGES = '/ /login /register /api/session /account /nothing /livez /readyz /robots.txt'.split(' ')
const WRITES = /\b(INSERT|UPDATE|DELETE)\b/i
/** Replicas send these on their own. */
const JOBS = /\b(job_run|replica|attempt|session_tombstone)\b/i

scenario('A hundred pages of a signed-in customer write nothing', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  await fillBasket(ada, 1)
  const before = await fixture.database.rowVersions()
  const start = fixture.proxy.statements.length
  for (let round = 0; round < 20; round++) for (const path of PAGES) expect(await ada.get(path), 200)
  await expectSignedIn(ada, email)
  assert.deepEqual(await fixture.database.rowVersions(), before, 'no row of the table was written')
  const statements = statementsSince(start)
  const writes = statements.filter((text) => WRITES.test(text))
  assert.deepEqual(writes, [])
  test.diagnostic(`${statements.length} statements for ${20 * PAGES.length + 2} requests`)
})

scenario('Ten pages move an old expiry once', async () => {
  const ada = person('Ada')
  await register(ada)
  await fixture.database.age(daysInMs(2))
  const start = fixture.proxy.statements.length
  for (let count = 0; count < 10; count++) expect(await ada.get('/account'), 200)
  const writes = statementsSince(start).filter((text) => WRITES.test(text))
  assert.equal(writes.length, 1, writes.join('\n'))
})

scenario('A visitor without a session costs the database no statement', async () => {
  const vic = person('Vic')
  const start = fixture.proxy.statements.length
  for (const path of PUBLIC_PAGES)
    for (const json of [false, true]) expect(await vic.get(path, { json }), 200, 303, 401, 404)
  vic.jar.set('sid', 's%3Aforged.forged')
  expect(await vic.get('/'), 200)
  assert.deepEqual(statementsSince(start), [])
})

/** The statements that requests caused. */
function statementsSince(start: number): string[] {
  const statements = fixture.proxy.statements.slice(start).map(({ statement }) => statement)
  return statements.filter((text) => !JOBS.test(text) && !/^\s*DELETE/i.test(text))
}

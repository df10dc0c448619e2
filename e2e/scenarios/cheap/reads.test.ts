import assert from 'node:assert/strict'
import { daysInMs } from '../../../test-support/clock.ts'
import { expectSignedIn, productsOf, putInBasket, register } from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage
const PAGES = ['/account', '/basket', '/shop', '/', '/api/session']

scenario('a hundred pages of somebody who is signed in write nothing', async (test) => {
  const ada = person('Ada')
  const { email } = await register(ada)
  const [product = ''] = await productsOf(ada)
  await putInBasket(ada, product, 1)
  const before = await versions()
  const began = stage.proxy.statements.length
  for (let round = 0; round < 20; round++) for (const path of PAGES) expect(await ada.get(path), 200)
  await expectSignedIn(ada, email)
  assert.deepEqual(await versions(), before, 'no row of the table was written')
  const statements = asked(began)
  assert.deepEqual(
    statements.filter((text) => WRITES.test(text)),
    [],
  )
  test.diagnostic(`${statements.length} statements for ${20 * PAGES.length + 2} requests`)
})

scenario('an expiry that lags is moved once, not with every page', async () => {
  const ada = person('Ada')
  await register(ada)
  await stage.database.age(daysInMs(2))
  const began = stage.proxy.statements.length
  for (let turn = 0; turn < 10; turn++) expect(await ada.get('/account'), 200)
  const writes = asked(began).filter((text) => WRITES.test(text))
  assert.equal(writes.length, 1, writes.join('\n'))
})

scenario('somebody without a session costs the database nothing', async () => {
  const vic = person('Vic')
  const began = stage.proxy.statements.length
  for (const path of [
    '/',
    '/login',
    '/register',
    '/api/session',
    '/account',
    '/nothing',
    '/livez',
    '/readyz',
    '/robots.txt',
  ]) {
    for (const json of [false, true]) expect(await vic.get(path, { json }), 200, 303, 401, 404)
  }
  vic.jar.set('sid', 's%3Aforged.forged')
  expect(await vic.get('/'), 200)
  assert.deepEqual(asked(began), [])
})

const WRITES = /\b(INSERT|UPDATE|DELETE)\b/i
/** What replicas ask now and then without being asked. */
const CHORES = /\b(job_run|replica|attempt|session_tombstone)\b/i

function asked(since: number): string[] {
  const statements = stage.proxy.statements.slice(since).map(({ statement }) => statement)
  return statements.filter((text) => !CHORES.test(text) && !/^\s*DELETE/i.test(text))
}

/** Which transaction wrote each row, and where it lies: both change with every write. */
async function versions(): Promise<readonly unknown[]> {
  return await stage.database.rows('SELECT sid, xmin::text, ctid::text FROM session ORDER BY sid')
}

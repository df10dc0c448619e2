import assert from 'node:assert/strict'
import { describeResponse, expect, expectNoCookie, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { storeCalls } from '../../support/assertions/metrics.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster({}, 'database')
const { scenario, person } = fixture
const PAGES = '/ /shop /basket /login /login?next=/basket /register /api/session /account /staff /nothing'.split(' ')
const HEALTH_CHECKS = ['/livez', '/readyz']
const FILES = ['/favicon.ico', '/robots.txt']

scenario('Anonymous visits create no row and no cookie', ['replicas'], async () => {
  const before = await fixture.database.counts()
  for (const url of fixture.addresses()) {
    const vic = person('Vic', { url })
    for (const path of PAGES) {
      for (const json of [false, true]) noCookie(vic, expect(await vic.get(path, { json }), 200, 303, 401, 404))
      noCookie(vic, await vic.send('HEAD', path))
    }
    noCookie(vic, expect(await vic.post('/logout', {}), 303))
    noCookie(vic, expect(await vic.post('/login', { email: '', password: '' }), 400))
    noCookie(vic, expect(await vic.post('/basket/items', { product: 'no such thing', quantity: 1 }), 400, 404))
  }
  assert.deepEqual(await fixture.database.counts(), before)
})

scenario('Health checks create no row and no cookie, and do not use the store', ['replicas', 'metrics'], async () => {
  const before = await fixture.database.counts()
  const calls = await storeCalls(fixture.cluster.replicas)
  for (const url of fixture.addresses()) {
    const probe = person('a probe', { url, keepAlive: false })
    for (let time = 0; time < 10; time++)
      for (const path of HEALTH_CHECKS) noCookie(probe, expect(await probe.get(path), 200))
    for (const path of FILES) noCookie(probe, expect(await probe.get(path), 200, 204))
  }
  assert.equal(await storeCalls(fixture.cluster.replicas), calls)
  assert.deepEqual(await fixture.database.counts(), before)
})

scenario('A wrong password creates no session and no cookie', async () => {
  const before = await fixture.database.sessions()
  const vic = person('Vic')
  noCookie(vic, expect(await vic.post('/login', { email: 'nobody@example.com', password: 'not this one either' }), 401))
  assert.equal(await fixture.database.sessions(), before)
})

function noCookie(visitor: Visitor, response: Response): void {
  expectNoCookie(response)
  assert.deepEqual(visitor.jar.all(), [], describeResponse(response, 'an empty jar was expected'))
}

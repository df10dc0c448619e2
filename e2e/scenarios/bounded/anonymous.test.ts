import assert from 'node:assert/strict'
import { describeResponse, expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { storeCalls } from '../../support/assertions/metrics.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster({}, 'database')
const { scenario, person } = stage
const PAGES = [
  '/',
  '/shop',
  '/basket',
  '/login',
  '/login?next=/basket',
  '/register',
  '/api/session',
  '/account',
  '/staff',
  '/nothing',
]
const HEALTH = ['/livez', '/readyz']
const FILES = ['/favicon.ico', '/robots.txt']

scenario('anonymous visits leave no row and no cookie', ['replicas'], async () => {
  const before = await stage.database.counts()
  for (const url of everywhere()) {
    const vic = person('Vic', { url })
    for (const path of PAGES) {
      for (const json of [false, true]) noCookie(vic, expect(await vic.get(path, { json }), 200, 303, 401, 404))
      noCookie(vic, await vic.send('HEAD', path))
    }
    noCookie(vic, expect(await vic.post('/logout', {}), 303))
    noCookie(vic, expect(await vic.post('/login', { email: '', password: '' }), 400))
    noCookie(vic, expect(await vic.post('/basket/items', { product: 'no such thing', quantity: 1 }), 400, 404))
  }
  assert.deepEqual(await stage.database.counts(), before)
})

scenario(
  'health checks leave no row and no cookie, and ask the session store nothing',
  ['replicas', 'metrics'],
  async () => {
    const before = await stage.database.counts()
    const asked = await storeCalls(stage.cluster.replicas)
    for (const url of everywhere()) {
      const probe = person('a probe', { url, keepAlive: false })
      for (let time = 0; time < 10; time++)
        for (const path of HEALTH) noCookie(probe, expect(await probe.get(path), 200))
      for (const path of FILES) noCookie(probe, expect(await probe.get(path), 200, 204))
    }
    assert.equal(await storeCalls(stage.cluster.replicas), asked)
    assert.deepEqual(await stage.database.counts(), before)
  },
)

scenario('a wrong password leaves no session and no cookie', async () => {
  const before = await stage.database.sessions()
  const vic = person('Vic')
  noCookie(vic, expect(await vic.post('/login', { email: 'nobody@example.com', password: 'not this one either' }), 401))
  assert.equal(await stage.database.sessions(), before)
})

/** nginx, and each replica by itself. */
function everywhere(): readonly string[] {
  return [stage.cluster.url, ...stage.cluster.replicas.map(({ url }) => url)]
}

function noCookie(visitor: Visitor, answer: Awaited<ReturnType<Visitor['get']>>): void {
  assert.deepEqual(answer.cookies, [], describeResponse(answer, 'no cookie was expected'))
  assert.deepEqual(visitor.jar.all(), [])
}

import assert from 'node:assert/strict'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'
import { report } from '../../support/load/history.ts'

const fixture = useCluster({ replicas: 3 }, 'scale')
const { scenario, person } = fixture

scenario('Scaling from three replicas to six and to two loses no request and no sign-in', async (test) => {
  const { cluster } = fixture
  const ada = person('Ada')
  const { email } = await register(ada)
  // An nginx before 1.27.4 closes clients' idle connections when it reads a new list of replicas.
  const load = await fixture.startLoad({ workers: 8, thinkTimeMs: 10, keepAlive: false })
  for (const count of [6, 2]) {
    await load.served(100)
    await cluster.scale(count)
    const names = cluster.replicas.map(({ name }) => name)
    assert.equal(names.length, count)
    const start = load.history.entries.length
    await load.served(100)
    const answered = new Set(load.history.entries.slice(start + 20).map(({ replica }) => replica ?? 'no replica'))
    assert.deepEqual([...answered].sort(), names.sort(), 'exactly those answer')
    await everywhere(cluster, ada, (there) => expectSignedIn(there, email))
  }
  report(test, await load.stop()).assertClean(400)
})

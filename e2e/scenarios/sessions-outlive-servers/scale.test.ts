import assert from 'node:assert/strict'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster({ replicas: 3 }, 'scale')
const { scenario, person } = stage

scenario(
  'from three replicas to six and to two under load: no request fails, and nobody is signed out',
  async (test) => {
    const { cluster } = stage
    const ada = person('Ada')
    const { email } = await register(ada)
    // An nginx before 1.27.4 cuts idle connections of clients as it reads a new list; connections of their own are none.
    const crowd = await stage.crowd({ workers: 8, thinkTimeMs: 10, keepAlive: false })
    for (const count of [6, 2]) {
      await crowd.served(100)
      await cluster.scale(count)
      const names = cluster.replicas.map(({ name }) => name)
      assert.equal(names.length, count)
      const since = crowd.history.entries.length
      await crowd.served(100)
      const answered = new Set(crowd.history.entries.slice(since + 20).map(({ replica }) => replica ?? 'nobody'))
      assert.deepEqual([...answered].sort(), names.sort(), 'exactly those answer')
      await everywhere(cluster, ada, (there) => expectSignedIn(there, email))
    }
    const ledger = await crowd.stop()
    test.diagnostic(ledger.summary())
    ledger.assertClean(400)
  },
)

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, type TestContext, test } from 'node:test'
import type { Cluster } from '../../cluster/cluster.ts'
import { keepArtifacts } from '../../cluster/diagnostics/failure-artifacts.ts'
import { type RailwayOptions, startRailwayLikeCluster } from '../../cluster/railway/railway-like.ts'
import { expectSignedIn, register } from '../support/actors/actions.ts'
import { createVisitor } from '../support/actors/visitor.ts'
import { type BackgroundLoad, startBackgroundLoad } from '../support/load/background-load.ts'
import type { History } from '../support/load/history.ts'

const BOUND = 240_000

describe('with the settings of .railway/railway.ts', () => {
  const railway = useRailway()

  test('a deploy under load loses no request, although the edge is late', async (context) => {
    const history = await railway.deployUnderLoad()
    context.diagnostic(history.summary())
    history.assertClean(500)
  })

  test('a crashed replica is restarted, and everyone stays signed in', async () => {
    const { cluster } = railway
    const ada = createVisitor({ name: 'Ada', url: cluster.url })
    const { email } = await register(ada)
    await cluster.killReplica('app-1')
    for (const { url } of cluster.replicas) await expectSignedIn(ada.at(url), email)
    ada.close()
  })
})

describe("without a draining time, which is Railway's default", () => {
  const railway = useRailway({ settings: { draining: 0, retries: 1 } })

  test('the same deploy loses requests', async (context) => {
    const history = await railway.deployUnderLoad()
    context.diagnostic(history.summary())
    assert.ok(history.failures().length > 0)
    assert.deepEqual(history.losses(), [], 'what was acknowledged is there all the same')
  })

  test('a deploy that cannot start, or whose migration fails, changes nothing and gives the reason', async () => {
    const { cluster } = railway
    const pids = () => cluster.replicas.map(({ pid }) => pid)
    const previous = pids()
    await assert.rejects(cluster.roll({ SESSION_SECRET: 'too short' }), /SESSION_SECRET is too short/)
    await assert.rejects(
      cluster.roll({ MIGRATE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }),
      /src\/cli\.ts migrate/,
    )
    assert.deepEqual(pids(), previous)
    await register(createVisitor({ name: 'Bea', url: cluster.url, keepAlive: false }))
  })
})

/** A cluster for the tests of this block, and its load. */
function useRailway(options: RailwayOptions = {}) {
  let cluster: Cluster | undefined
  let load: BackgroundLoad | undefined
  const running = () => cluster ?? assert.fail('the cluster is not running')
  before(async () => {
    cluster = await startRailwayLikeCluster({ seed: true, ...options })
  })
  afterEach(async (context) => {
    await keepArtifacts(
      context as TestContext,
      cluster,
      load === undefined ? {} : { 'history.txt': load.history.text() },
    )
    await load?.stop()
    load = undefined
  })
  after(() => cluster?.destroy())
  return {
    get cluster() {
      return running()
    },
    async deployUnderLoad(): Promise<History> {
      load = await startBackgroundLoad({ url: running().url, maxMs: BOUND })
      await load.served(200)
      await running().roll()
      await load.served(300)
      return await load.stop()
    },
  }
}

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Capability } from '../../../cluster/cluster.ts'
import { ROUNDS, useCluster } from '../../support/fixture.ts'

const WORKERS = 12

for (const [pool, keepalive, ...needs] of [
  ['larger than the load', 64],
  ['smaller than the load', 4, 'nginx'],
  ['without idle connections', 0, 'nginx'],
] as const satisfies [string, number, ...Capability[]][]) {
  describe(`an upstream pool ${pool}`, () => {
    const stage = useCluster({ keepalive }, 'restart', ...needs)

    stage.scenario(
      `rolling restarts under load lose no request, POSTs among them (keepalive ${keepalive})`,
      async (test) => {
        const crowd = await stage.crowd({ workers: WORKERS, maxMs: 280_000 * ROUNDS })
        await crowd.served(200)
        for (let round = 1; round <= ROUNDS; round++) await rollOnce(stage.cluster)
        await crowd.served(200)
        const ledger = await crowd.stop()
        test.diagnostic(ledger.summary())
        ledger.assertClean(1000)
        const absent = stage.cluster.replicas.filter(({ name }) => !ledger.spread().has(name))
        assert.deepEqual(absent, [], 'every replica took part')
      },
    )
  })
}

async function rollOnce(cluster: ReturnType<typeof useCluster>['cluster']): Promise<void> {
  const before = cluster.replicas.map(({ pid }) => pid)
  await cluster.roll()
  const kept = cluster.replicas.filter(({ pid }) => pid !== 0 && before.includes(pid))
  assert.deepEqual(kept, [], 'every replica is another process now')
}

import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { ROUNDS, setStage } from './stage.ts'

const WORKERS = 12

for (const [pool, keepalive] of [
  ['larger than the load', 64],
  ['smaller than the load', 4],
  ['without idle connections', 0],
] as const) {
  describe(`an upstream pool ${pool}`, () => {
    const stage = setStage({ keepalive })

    stage.scenario(
      `rolling restarts under load lose no request, POSTs among them (keepalive ${keepalive})`,
      async (test) => {
        const crowd = await stage.crowd({ workers: WORKERS, bound: 60_000 * ROUNDS })
        await crowd.served(200)
        for (let round = 1; round <= ROUNDS; round++) await rollOnce(stage.cluster)
        await crowd.served(200)
        const ledger = await crowd.stop()
        test.diagnostic(ledger.summary())
        ledger.verdict(1000)
        assert.equal(ledger.spread().size, stage.cluster.replicas.length, 'every replica took part')
      },
    )
  })
}

async function rollOnce(cluster: ReturnType<typeof setStage>['cluster']): Promise<void> {
  const before = cluster.replicas.map(({ pid }) => pid)
  await cluster.roll()
  const kept = cluster.replicas.filter(({ pid }) => before.includes(pid))
  assert.deepEqual(kept, [], 'every replica is another process now')
}

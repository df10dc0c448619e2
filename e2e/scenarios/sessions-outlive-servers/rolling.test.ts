import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type { Capability } from '../../../cluster/cluster.ts'
import { type ClusterFixture, ROUNDS, useCluster } from '../../support/fixture.ts'
import { report } from '../../support/load/history.ts'

const WORKERS = 12

for (const [pool, keepalive, ...needs] of [
  ['larger than the load', 64],
  ['smaller than the load', 4, 'nginx'],
  ['without idle connections', 0, 'nginx'],
] as const satisfies [string, number, ...Capability[]][]) {
  describe(`an upstream pool ${pool}`, () => {
    const fixture = useCluster({ keepalive }, 'restart', ...needs)

    fixture.scenario(
      `A rolling restart under load loses no request, also no POST (keepalive ${keepalive})`,
      async (test) => {
        const load = await fixture.startLoad({ workers: WORKERS, maxMs: 280_000 * ROUNDS })
        await load.served(200)
        for (let round = 1; round <= ROUNDS; round++) await rollOnce(fixture)
        await load.served(800)
        const history = report(test, await load.stop())
        history.assertClean(1000)
        const absent = fixture.cluster.replicas.filter(({ name }) => !history.spread().has(name))
        assert.deepEqual(absent, [], 'every replica took part')
      },
    )
  })
}

async function rollOnce(fixture: ClusterFixture): Promise<void> {
  const before = fixture.processes()
  await fixture.cluster.roll()
  const kept = fixture.processes().filter((pid) => pid !== 0 && before.includes(pid))
  assert.deepEqual(kept, [], 'every replica is another process now')
}

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'
import type { BackgroundLoad } from '../../support/load/background-load.ts'
import { type History, report } from '../../support/load/history.ts'

const fixture = useCluster()
const { scenario, person } = fixture
/** The time limit of every request, whatever happens to a replica. */
const MAX_MS = 3500
const WORKERS = 8

scenario('A killed replica takes no sign-in and no acknowledged change with it', ['kill'], (test) =>
  underLoad(test, async (load, victim) => {
    await fixture.cluster.killReplica(victim)
    await load.served(200)
  }),
)

scenario('A silent address delays no request for long, and serves again once it is back', ['blackhole'], (test) =>
  underLoad(test, async (load, victim, expectStillSignedIn) => {
    await fixture.cluster.blackholeReplica(victim)
    await load.served(300)
    await expectStillSignedIn()
    await fixture.cluster.restoreReplica(victim)
    await load.served(200)
  }),
)

/** Causes a fault of the second replica under load; only requests in flight may fail. */
async function underLoad(
  test: TestContext,
  fault: (load: BackgroundLoad, victim: string, expectStillSignedIn: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { cluster } = fixture
  const ada = person('Ada')
  const { email } = await register(ada)
  const victim = cluster.replicas[1] ?? assert.fail('two replicas are needed')
  const load = await fixture.startLoad({ workers: WORKERS, thinkTimeMs: 5 })
  await load.served(100)
  await fault(load, victim.name, () => expectSignedIn(ada, email))
  expectOnlyRequestsInFlightFailed(report(test, await load.stop()))
  await everywhere(cluster, ada, (there) => expectSignedIn(there, email))
}

/**
 * The replica may have carried out a POST in flight, so nginx does not repeat it. All else
 * succeeds, in time. An edge other than our nginx may repeat nothing at all.
 */
function expectOnlyRequestsInFlightFailed(history: History): void {
  history.assertBounded(MAX_MS, [502, 503])
  if (!fixture.supports('nginx')) return
  const failures = history.failures()
  const inFlight = failures.filter(({ method, status }) => method === 'POST' && status === 502)
  assert.deepEqual(failures.filter((entry) => !inFlight.includes(entry)).slice(0, 5), [])
  assert.ok(inFlight.length <= WORKERS, `${inFlight.length} requests failed, of ${WORKERS} shoppers`)
}

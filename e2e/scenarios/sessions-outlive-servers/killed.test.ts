import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { expectSignedIn, register } from '../../support/actors/actions.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'
import type { BackgroundLoad } from '../../support/load/background-load.ts'
import type { History, HistoryEntry } from '../../support/load/history.ts'

const stage = useCluster()
const { scenario, person } = stage
/** Within which every request is answered, whatever becomes of a replica. */
const BOUND = 3500
const WORKERS = 8

scenario('a replica that is killed takes no login and no acknowledged change with it', ['kill'], (test) =>
  underLoad(test, async (crowd, victim) => {
    await stage.cluster.killReplica(victim)
    await crowd.served(200)
  }),
)

scenario(
  'an address that falls silent keeps nobody waiting long, and is asked again once it is back',
  ['blackhole'],
  (test) =>
    underLoad(test, async (crowd, victim, stillIn) => {
      await stage.cluster.blackholeReplica(victim)
      await crowd.served(300)
      await stillIn()
      await stage.cluster.restoreReplica(victim)
      await crowd.served(200)
    }),
)

/** Somebody is signed in and others look and buy while something befalls a replica; in the end all is well but what was in flight. */
async function underLoad(
  test: TestContext,
  befall: (crowd: BackgroundLoad, victim: string, stillIn: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const { cluster } = stage
  const ada = person('Ada')
  const { email } = await register(ada)
  const victim = cluster.replicas[1] ?? assert.fail('there are two replicas at least')
  const crowd = await stage.crowd({ workers: WORKERS, thinkTimeMs: 5 })
  await crowd.served(100)
  await befall(crowd, victim.name, () => expectSignedIn(ada, email))
  const ledger = await crowd.stop()
  test.diagnostic(ledger.summary())
  expectOnlyWhatWasInFlight(ledger)
  await everywhere(cluster, ada, (there) => expectSignedIn(there, email))
}

/**
 * A POST that was being answered may have been carried out or not, so nobody repeats it; all else goes well, and in time. An edge
 * that is not our nginx may repeat nothing at all.
 */
function expectOnlyWhatWasInFlight(ledger: History): void {
  expectLittle(ledger)
  if (!stage.can('nginx')) return
  const failed = ledger.failures()
  const excused = failed.filter(({ method, status }) => method === 'POST' && status === 502)
  assert.deepEqual(show(failed.filter((entry) => !excused.includes(entry))), [])
  assert.ok(excused.length <= WORKERS, `${excused.length} requests were cut, of ${WORKERS} people`)
}

/** Nobody is taken for signed out, nobody waits long, and what was acknowledged is there. */
function expectLittle(ledger: History): void {
  const wrong = ledger.failures().filter(({ status }) => status !== 502 && status !== 503)
  const slow = ledger.entries.filter(({ durationMs }) => durationMs > BOUND)
  assert.deepEqual(show([...wrong, ...slow]), [])
  assert.deepEqual(ledger.losses(), [])
}

function show(entries: readonly HistoryEntry[]): string[] {
  return entries.slice(0, 5).map((entry) => JSON.stringify(entry))
}

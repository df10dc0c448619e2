import assert from 'node:assert/strict'
import { register } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { expectAll, getRepeatedly, spreadOf } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster({}, 'nginx')
const { scenario, person } = fixture
const REQUESTS_PER_REPLICA = 20

scenario('nginx spreads the requests of one keep-alive connection evenly', async (test) => {
  const responses = await expectEvenSpread(person('Vic'))
  assert.equal(new Set(responses.map(({ connection }) => connection)).size, 1, 'one connection was used')
  test.diagnostic(`one connection: ${JSON.stringify(spreadOf(responses))}`)
})

scenario('nginx spreads requests on separate connections evenly', async () => {
  await expectEvenSpread(person('Vic', { keepAlive: false }))
})

scenario('No cookie binds a browser to a replica', async () => {
  const ada = person('Ada')
  await register(ada)
  const responses = await expectEvenSpread(ada)
  const values = [...ada.jar.values(), ...responses.flatMap(({ cookies }) => cookies)]
  const named = values.filter((text) => fixture.cluster.replicas.some(({ name }) => text.includes(name)))
  assert.deepEqual(named, [], 'no cookie names a replica')
  const other = person('Vic')
  for (const name of ['route', 'SERVERID', 'JSESSIONID', 'sticky']) other.jar.set(name, 'app-1')
  await expectEvenSpread(other)
})

scenario('No address binds a client to a replica', ['addresses'], async () => {
  for (const localAddress of ['127.0.0.1', '127.0.0.2', '127.0.7.9'])
    await expectEvenSpread(person('Vic', { localAddress }))
})

/** Each replica answers its share, give or take one. */
async function expectEvenSpread(visitor: Visitor) {
  const { replicas } = fixture.cluster
  const responses = await getRepeatedly(visitor, '/', REQUESTS_PER_REPLICA * replicas.length)
  expectAll(responses, replicas)
  const spread = spreadOf(responses)
  for (const [name, count] of Object.entries(spread)) {
    const message = `${name} answered ${count} of ${responses.length}: ${JSON.stringify(spread)}`
    assert.ok(Math.abs(count - REQUESTS_PER_REPLICA) <= 1, message)
  }
  return responses
}

import assert from 'node:assert/strict'
import { register } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { ask, expectAll, spreadOf } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster({}, 'nginx')
const { scenario, person } = stage
const EACH = 20

scenario('requests on one keep-alive connection are spread evenly', async (test) => {
  const vic = person('Vic')
  const answers = await evenly(vic)
  assert.equal(new Set(answers.map(({ connection }) => connection)).size, 1, 'one connection was used')
  test.diagnostic(`one connection: ${JSON.stringify(spreadOf(answers))}`)
})

scenario('requests on connections of their own are spread evenly', async () => {
  await evenly(person('Vic', { keepAlive: false }))
})

scenario('no cookie pins anybody', async () => {
  const ada = person('Ada')
  await register(ada)
  const answers = await evenly(ada)
  const marks = [...ada.jar.all().map(({ value }) => value), ...answers.flatMap(({ cookies }) => cookies)]
  const pinned = marks.filter((text) => stage.cluster.replicas.some(({ name }) => text.includes(name)))
  assert.deepEqual(pinned, [], 'no cookie names a replica')
  const other = person('Vic')
  for (const name of ['route', 'SERVERID', 'JSESSIONID', 'sticky']) other.jar.set(name, 'app-1')
  await evenly(other)
})

scenario('no address pins anybody', ['addresses'], async () => {
  for (const from of ['127.0.0.1', '127.0.0.2', '127.0.7.9']) await evenly(person('Vic', { localAddress: from }))
})

/** Each replica answers its share, give or take the one that was next in turn. */
async function evenly(visitor: Visitor) {
  const { replicas } = stage.cluster
  const answers = await ask(visitor, '/', EACH * replicas.length)
  expectAll(answers, replicas)
  const spread = spreadOf(answers)
  for (const [name, count] of Object.entries(spread)) {
    assert.ok(Math.abs(count - EACH) <= 1, `${name} answered ${count} of ${answers.length}: ${JSON.stringify(spread)}`)
  }
  return answers
}

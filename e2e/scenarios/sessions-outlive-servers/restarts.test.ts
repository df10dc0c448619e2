import assert from 'node:assert/strict'
import { expectSignedIn, productsOf, putInBasket, register, sessionOf } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster()
const { scenario, person } = stage

scenario('a login survives the restart of every replica', ['restart-one'], async () => {
  const ada = await regular('Ada')
  for (const { name } of stage.cluster.replicas) {
    await stage.cluster.restartReplica(name)
    await expectRegular(ada)
  }
})

scenario('a login survives a rolling restart', ['restart'], async () => {
  const ada = await regular('Ada')
  await stage.cluster.roll()
  await expectRegular(ada)
})

scenario('a login survives a restart of nginx', ['nginx'], async () => {
  const ada = await regular('Ada')
  await stage.cluster.restartNginx()
  await expectRegular(ada)
})

scenario('a login survives a restart of Postgres, and no replica needs one for it', ['postgres'], async () => {
  const ada = await regular('Ada')
  const processes = stage.cluster.replicas.map(({ pid }) => pid)
  for (const mode of ['fast', 'immediate'] as const) {
    await stage.cluster.restartPostgres(mode)
    await expectRegular(ada)
  }
  assert.deepEqual(
    stage.cluster.replicas.map(({ pid }) => pid),
    processes,
  )
})

scenario('a login survives a full stop and start of the cluster', ['full-restart'], async () => {
  const ada = await regular('Ada')
  await stage.stopAndStart()
  await expectRegular({ ...ada, browser: ada.browser.at(stage.cluster.url) })
})

interface Regular {
  readonly browser: Visitor
  readonly email: string
  readonly product: string
}

/** Somebody who is signed in and has something in the basket. */
async function regular(name: string): Promise<Regular> {
  const browser = person(name)
  const { email } = await register(browser)
  const [product = ''] = await productsOf(browser)
  await putInBasket(browser, product, 3)
  return { browser, email, product }
}

async function expectRegular({ browser, email, product }: Regular): Promise<void> {
  await everywhere(stage.cluster, browser, (there) => expectSignedIn(there, email))
  await expectSignedIn(browser, email)
  assert.equal((await sessionOf(browser)).basket[product], 3)
}

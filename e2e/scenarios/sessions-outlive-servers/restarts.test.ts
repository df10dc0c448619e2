import assert from 'node:assert/strict'
import { expectBasket, expectSignedIn, fillBasket, register } from '../../support/actors/actions.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster()
const { scenario, person } = fixture

scenario('A sign-in survives the restart of each replica', ['restart-one'], async () => {
  const ada = await signedInShopper()
  for (const { name } of fixture.cluster.replicas) {
    await fixture.cluster.restartReplica(name)
    await expectAsBefore(ada)
  }
})

scenario('A sign-in survives a rolling restart', ['restart'], async () => {
  const ada = await signedInShopper()
  await fixture.cluster.roll()
  await expectAsBefore(ada)
})

scenario('A sign-in survives a restart of nginx', ['nginx'], async () => {
  const ada = await signedInShopper()
  await fixture.cluster.restartNginx()
  await expectAsBefore(ada)
})

scenario('A sign-in survives restarts of Postgres, for which no replica restarts', ['postgres'], async () => {
  const ada = await signedInShopper()
  const processes = fixture.processes()
  for (const mode of ['fast', 'immediate'] as const) {
    await fixture.cluster.restartPostgres(mode)
    await expectAsBefore(ada)
  }
  assert.deepEqual(fixture.processes(), processes)
})

scenario('A sign-in survives a full stop and start of the cluster', ['full-restart'], async () => {
  const ada = await signedInShopper()
  await fixture.stopAndStart()
  await expectAsBefore({ ...ada, browser: ada.browser.at(fixture.cluster.url) })
})

interface Shopper {
  readonly browser: Visitor
  readonly email: string
  readonly product: string
}

async function signedInShopper(): Promise<Shopper> {
  const browser = person('Ada')
  const { email } = await register(browser)
  return { browser, email, product: await fillBasket(browser, 3) }
}

async function expectAsBefore({ browser, email, product }: Shopper): Promise<void> {
  await everywhere(fixture.cluster, browser, (there) => expectSignedIn(there, email))
  await expectSignedIn(browser, email)
  await expectBasket(browser, { [product]: 3 })
}

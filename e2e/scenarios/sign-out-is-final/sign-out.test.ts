import assert from 'node:assert/strict'
import { expectSignedIn, expectVisitor, register, signIn, signOut } from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster()
const { scenario, person } = stage

scenario('signing out on one replica signs out on all', async (test) => {
  const ada = await register(person('Ada'))
  for (const { url } of stage.cluster.replicas) {
    const browser = person('Ada')
    await signIn(browser, ada)
    const cookie = browser.jar.get('sid') ?? ''
    const signedOutBy = await signOut(browser.at(url))
    assert.equal(browser.jar.get('sid'), undefined, 'the cookie is gone from the browser')
    const thief = person('somebody who kept a copy of the cookie')
    thief.jar.set('sid', cookie)
    const refused = await everywhere(stage.cluster, thief, expectVisitor)
    test.diagnostic(`signed out by ${signedOutBy.replica}, ${refused}`)
  }
})

scenario('signing out leaves no row, and other browsers of the same account are kept', ['database'], async () => {
  const phone = person('Ada on her phone')
  const laptop = person('Ada on her laptop')
  const ada = await register(laptop)
  await signIn(phone, ada)
  const before = await stage.database.sessions()
  await signOut(laptop)
  assert.equal(await stage.database.sessions(), before - 1)
  await everywhere(stage.cluster, phone, (there) => expectSignedIn(there, ada.email))
})

scenario('a program signs out as well, and twice does no harm', async () => {
  const ada = person('Ada')
  await register(ada)
  for (let time = 0; time < 2; time++) expect(await ada.post('/logout', {}, { json: true }), 204)
  await everywhere(stage.cluster, ada, expectVisitor)
})

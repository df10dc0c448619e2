import assert from 'node:assert/strict'
import { expectSignedIn, expectVisitor, register, signIn, signOut } from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import { everywhere } from '../../support/assertions/all-replicas.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster()
const { scenario, person } = fixture

scenario('A sign-out on one replica ends the session on all', async (test) => {
  const ada = await register(person('Ada'))
  for (const { url } of fixture.cluster.replicas) {
    const browser = person('Ada')
    await signIn(browser, ada)
    const copy = copySession(browser, person('a copy'))
    const { replica } = await signOut(browser.at(url))
    assert.equal(browser.jar.get('sid'), undefined, 'the cookie is gone from the browser')
    test.diagnostic(`signed out by ${replica}, ${await everywhere(fixture.cluster, copy, expectVisitor)}`)
  }
})

scenario("A sign-out deletes the row and keeps the account's other browsers signed in", ['database'], async () => {
  const phone = person('Ada on her phone')
  const laptop = person('Ada on her laptop')
  const ada = await register(laptop)
  await signIn(phone, ada)
  const before = await fixture.database.sessions()
  await signOut(laptop)
  assert.equal(await fixture.database.sessions(), before - 1)
  await everywhere(fixture.cluster, phone, (there) => expectSignedIn(there, ada.email))
})

scenario('A sign-out by JSON gets a 204, also when it is repeated', async () => {
  const ada = person('Ada')
  await register(ada)
  for (let time = 0; time < 2; time++) expect(await ada.post('/logout', {}, { json: true }), 204)
  await everywhere(fixture.cluster, ada, expectVisitor)
})

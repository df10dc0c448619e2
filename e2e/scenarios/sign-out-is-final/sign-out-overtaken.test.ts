import assert from 'node:assert/strict'
import {
  type Credentials,
  expectSignedIn,
  expectVisitor,
  passwordChange,
  register,
  signIn,
  signOut,
} from '../../support/actors/actions.ts'
import { expect } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const fixture = useClusterBehindProxy()
const { scenario, person } = fixture

/** What gives Ada's session another id, in another tab. */
const ROTATIONS: Readonly<Record<string, (tab: Visitor, ada: Credentials) => Promise<unknown>>> = {
  'a password change': (tab, ada) => tab.post('/account/password', passwordChange(ada)),
  'another sign-in': (tab, ada) => signIn(tab, ada),
}

for (const [what, rotateId] of Object.entries(ROTATIONS)) {
  scenario(`A sign-out that ${what} overtakes ends the session under its new id`, async () => {
    const browser = person('Ada')
    const ada = await register(browser)
    const before = copySession(browser, person('a copy of the old cookie'))
    const signingOut = copySession(browser, person('Ada, signing out')).at(fixture.here)
    const [response, after] = await fixture.overtake(
      () => signingOut.post('/logout', {}),
      async () => {
        await rotateId(browser.at(fixture.there), ada)
        return copySession(browser, person('a copy of the new cookie'))
      },
    )
    // "Signed out", or that the session had ended.
    expect(response, 303, 401)
    for (const url of [fixture.here, fixture.there])
      for (const copy of [before, after]) await expectVisitor(copy.at(url))
    assert.equal(await fixture.database.sessionsOf(ada), 0)
  })
}

scenario("A sign-out keeps the person's other browsers signed in", async () => {
  const [here, there] = [person('Ada'), person('Ada at work')]
  const ada = await register(here)
  await signIn(there, ada)
  await signOut(here)
  await expectVisitor(here)
  await expectSignedIn(there, ada.email)
})

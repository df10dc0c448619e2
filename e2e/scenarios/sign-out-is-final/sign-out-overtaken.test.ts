import assert from 'node:assert/strict'
import { type Credentials, expectSignedIn, expectVisitor, register, signIn } from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage

/** What gives Ada's session another id, in another tab of hers. */
const RENAMES: Readonly<Record<string, (tab: Visitor, ada: Credentials) => Promise<unknown>>> = {
  'a password change': (tab, { password }) =>
    tab.post('/account/password', { current: password, password: `${password} anew` }),
  'signing in again': (tab, ada) => signIn(tab, ada),
}

for (const [what, rename] of Object.entries(RENAMES)) {
  scenario(`a sign-out that is overtaken by ${what} ends the session, whatever its id is by now`, async () => {
    const browser = person('Ada')
    const ada = await register(browser)
    const before = copySession(browser, person('somebody with a copy of the old cookie'))
    const gate = stage.proxy.pauseAfterRead(stage.first)
    const asked = copySession(browser, person('Ada, signing out')).at(stage.here).post('/logout', {})
    await Promise.race([gate.reached, asked.then((answer) => assert.fail(describeResponse(answer, 'it was not held')))])
    await rename(browser.at(stage.there), ada).finally(gate.open)
    const after = copySession(browser, person('somebody with a copy of the new cookie'))
    expectOut(await asked)
    for (const url of [stage.here, stage.there]) for (const thief of [before, after]) await expectVisitor(thief.at(url))
    assert.equal(await rowsOf(ada), 0)
  })
}

scenario('a sign-out leaves the other browsers of the same person alone', async () => {
  const [here, there] = [person('Ada'), person('Ada at work')]
  const ada = await register(here)
  await signIn(there, ada)
  expect(await here.post('/logout', {}), 303)
  await expectVisitor(here)
  await expectSignedIn(there, ada.email)
})

/** "Signed out", or that the session had ended; never that nothing is known. */
function expectOut(answer: Response): void {
  expect(answer, 303, 401)
}

async function rowsOf({ email }: Credentials): Promise<number> {
  const rows = await stage.database.rows(
    `SELECT FROM session JOIN account ON account.id::text = sess ->> 'account' WHERE account.email = $1`,
    [email],
  )
  return rows.length
}

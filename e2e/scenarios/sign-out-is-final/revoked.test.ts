import assert from 'node:assert/strict'
import { expectSignedIn, expectVisitor, passwordChange, register, signIn } from '../../support/actors/actions.ts'
import { runCli } from '../../support/actors/cli.ts'
import { expect } from '../../support/actors/response.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster({}, 'database', 'replicas')
const { scenario, person } = fixture

scenario('A password change ends all other sessions, and keeps its own under a new id', async () => {
  const here = person('Ada')
  const ada = await register(here)
  const others = [person('Ada on her phone'), person('Ada at work'), person('another browser')]
  for (const browser of others) await signIn(browser, ada)
  const copy = copySession(here, person('a copy'))
  const change = passwordChange(ada)
  expect(await here.post('/account/password', change), 303)

  for (const { url } of fixture.cluster.replicas) {
    await expectSignedIn(here.at(url), ada.email)
    for (const browser of [...others, copy]) await expectVisitor(browser.at(url))
  }
  assert.equal(await fixture.database.sessionsOf(ada), 1, 'no other row is left')
  expect(await person('Ada').post('/login', { email: ada.email, password: ada.password }), 401)
  await signIn(person('Ada'), { email: ada.email, password: change.password })
})

scenario('A password change ends a session whose row does not name the account', async () => {
  const [here, there] = [person('Ada'), person('Ada on her phone')]
  const ada = await register(here)
  await signIn(there, ada)
  // As rows of connect-pg-simple, and those that a request writes while the password changes.
  await fixture.database.rows('UPDATE session SET account = NULL')
  expect(await here.post('/account/password', passwordChange(ada)), 303)
  for (const { url } of fixture.cluster.replicas) {
    await expectSignedIn(here.at(url), ada.email)
    await expectVisitor(there.at(url))
  }
})

scenario('A password change with a wrong current password changes nothing', async () => {
  const [here, there] = [person('Ada'), person('Ada on her phone')]
  const ada = await register(here)
  await signIn(there, ada)
  const wrong = { current: 'this is not the one', password: 'a lantern over deep water' }
  expect(await here.post('/account/password', wrong), 400, 401, 403, 422)
  for (const browser of [here, there]) await expectSignedIn(browser, ada.email)
  await signIn(person('Ada'), ada)
})

scenario('A disabled account is signed out everywhere, and cannot sign in until it is enabled', async () => {
  const [here, there] = [person('Bea'), person('Bea on her phone')]
  const bea = await register(here)
  await signIn(there, bea)
  await runAccountCommand('disable', bea.email)
  for (const { url } of fixture.cluster.replicas) {
    for (const browser of [here, there]) await expectVisitor(browser.at(url))
    expect(await person('Bea').at(url).post('/login', { email: bea.email, password: bea.password }), 401)
  }
  assert.equal(await fixture.database.sessionsOf(bea), 0, 'no row is left')
  await runAccountCommand('enable', bea.email)
  for (const browser of [here, there]) await expectVisitor(browser)
  await signIn(person('Bea'), bea)
})

async function runAccountCommand(command: 'disable' | 'enable', email: string): Promise<void> {
  const { code, output } = await runCli(fixture.database.url, ['account', command, email, '--yes'])
  assert.equal(code, 0, `account ${command} ${email}: ${output}`)
}

import assert from 'node:assert/strict'
import { expectSignedIn, expectVisitor, register, signIn } from '../../support/actors/actions.ts'
import { runCli } from '../../support/actors/cli.ts'
import { expect } from '../../support/actors/response.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster({}, 'database', 'replicas')
const { scenario, person } = stage

scenario('a password change ends every other session, and keeps the own one under a new id', async () => {
  const here = person('Ada')
  const ada = await register(here)
  const others = [person('Ada on her phone'), person('Ada at work'), person('a thief')]
  for (const browser of others) await signIn(browser, ada)
  const cookie = here.jar.get('sid') ?? ''
  const password = `${ada.password}, changed`
  expect(await here.post('/account/password', { current: ada.password, password }), 303)

  const copy = person('somebody with a copy of the cookie')
  copy.jar.set('sid', cookie)
  for (const { url } of stage.cluster.replicas) {
    await expectSignedIn(here.at(url), ada.email)
    for (const browser of [...others, copy]) await expectVisitor(browser.at(url))
  }
  assert.equal(await rowsOf(ada.email), 1, 'no other row is left')
  expect(await person('Ada').post('/login', { email: ada.email, password: ada.password }), 401)
  await signIn(person('Ada'), { email: ada.email, password })
})

scenario('a session whose row cannot be found by its account is ended as well', async () => {
  const here = person('Ada')
  const there = person('Ada on her phone')
  const ada = await register(here)
  await signIn(there, ada)
  // So are rows that stock connect-pg-simple wrote, and those that were being written when the password changed.
  await stage.database.rows('UPDATE session SET account = NULL')
  expect(await here.post('/account/password', { current: ada.password, password: `${ada.password}!` }), 303)
  for (const { url } of stage.cluster.replicas) {
    await expectSignedIn(here.at(url), ada.email)
    await expectVisitor(there.at(url))
  }
})

scenario('a password change with a wrong current password changes nothing', async () => {
  const here = person('Ada')
  const there = person('Ada on her phone')
  const ada = await register(here)
  await signIn(there, ada)
  const wrong = { current: 'this is not the one', password: 'a lantern over deep water' }
  expect(await here.post('/account/password', wrong), 400, 401, 403, 422)
  for (const browser of [here, there]) await expectSignedIn(browser, ada.email)
  await signIn(person('Ada'), ada)
})

scenario('a disabled account is signed out everywhere, and may not sign in until it is enabled again', async () => {
  const browsers = [person('Bea'), person('Bea on her phone')]
  const [first, second] = browsers as [(typeof browsers)[0], (typeof browsers)[0]]
  const bea = await register(first)
  await signIn(second, bea)
  await operator('account', 'disable', bea.email, '--yes')
  for (const { url } of stage.cluster.replicas) {
    for (const browser of browsers) await expectVisitor(browser.at(url))
    expect(await person('Bea').at(url).post('/login', { email: bea.email, password: bea.password }), 401)
  }
  assert.equal(await rowsOf(bea.email), 0, 'no row is left')
  await operator('account', 'enable', bea.email, '--yes')
  for (const browser of browsers) await expectVisitor(browser)
  await signIn(person('Bea'), bea)
})

async function operator(...words: readonly string[]): Promise<void> {
  const { code, output } = await runCli(stage.database.url, words)
  assert.equal(code, 0, `${words.join(' ')}: ${output}`)
}

/** How many sessions say that this person is signed in. */
async function rowsOf(email: string): Promise<number> {
  const rows = await stage.database.rows(
    `SELECT FROM session JOIN account ON account.id::text = sess ->> 'account' WHERE account.email = $1`,
    [email],
  )
  return rows.length
}

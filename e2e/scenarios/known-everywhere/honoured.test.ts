import assert from 'node:assert/strict'
import {
  expectSignedIn,
  fillBasket,
  freshCredentials,
  register,
  signIn,
  signOut,
} from '../../support/actors/actions.ts'
import { describeResponse, expect } from '../../support/actors/response.ts'
import { expectAll, getRepeatedly } from '../../support/assertions/all-replicas.ts'
import { sessionId } from '../../support/attacks/cookies.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster()
const { scenario, person } = fixture
const ON_HEADERS = { resolveOnHeaders: true }

scenario('A sign-in on one replica counts on all replicas', ['replicas'], async (test) => {
  const { replicas } = fixture.cluster
  const ada = await register(person('Ada'))
  for (const home of replicas) {
    const browser = person('Ada')
    const { replica } = await signIn(browser.at(home.url), ada)
    const responses = []
    for (const { url } of replicas) responses.push(await expectSignedIn(browser.at(url), ada.email))
    test.diagnostic(`signed in by ${replica}, ${expectAll(responses, replicas)}`)
  }
})

scenario('Behind nginx, all replicas know a browser that signed in once', async (test) => {
  const { replicas } = fixture.cluster
  const ada = person('Ada')
  await register(ada)
  test.diagnostic(expectAll(await getRepeatedly(ada, '/account', replicas.length * 4), replicas))
})

scenario('The request right after a sign-in is signed in on every replica', ['replicas'], async () => {
  const { replicas } = fixture.cluster
  const ada = await register(person('Ada'))
  for (const { url: home } of [...replicas, ...replicas]) {
    const browser = person('Ada')
    // A browser follows a redirect when it has the headers; the body may still be on its way.
    await signIn(browser.at(home), ada, ON_HEADERS)
    const responses = await Promise.all(replicas.map(({ url }) => browser.at(url).get('/account')))
    for (const response of responses) expect(response, 200)
  }
})

scenario('A response waits for its commit, however long that takes', ['database'], async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const product = await fillBasket(vic, 1)
  const changes = {
    'filling the basket': () => vic.post('/basket/items', { product, quantity: 2 }, ON_HEADERS),
    'signing in': () => signIn(vic, ada, ON_HEADERS),
    'signing in again': () => signIn(vic, ada, ON_HEADERS),
    'signing out': () => signOut(vic, ON_HEADERS),
  }
  for (const [what, change] of Object.entries(changes)) {
    const lock = await fixture.database.hold(sessionId(vic))
    const response = expect(await change(), 303)
    const message = describeResponse(response, `${what}: the response came before the change was committed`)
    assert.equal(await lock.held(), false, message)
    await lock.over
  }
})

scenario('A registration signs in on all replicas', ['replicas'], async () => {
  const { replicas } = fixture.cluster
  for (const home of replicas) {
    const bea = person('Bea')
    const { email } = await register(bea.at(home.url), freshCredentials('Bea'))
    for (const { url } of replicas) await expectSignedIn(bea.at(url), email)
  }
})

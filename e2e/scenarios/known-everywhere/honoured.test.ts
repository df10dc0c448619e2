import assert from 'node:assert/strict'
import {
  expectSignedIn,
  freshCredentials,
  productsOf,
  putInBasket,
  register,
  signIn,
} from '../../support/actors/actions.ts'
import { describeResponse, expect } from '../../support/actors/response.ts'
import { ask, expectAll } from '../../support/assertions/all-replicas.ts'
import { parseCookieValue } from '../../support/attacks/sign-cookie.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster()
const { scenario, person } = stage

scenario('a login on one replica is honoured by every other', ['replicas'], async (test) => {
  const { replicas } = stage.cluster
  const ada = await register(person('Ada'))
  for (const home of replicas) {
    const browser = person('Ada')
    const signedInBy = await signIn(browser.at(home.url), ada)
    const honoured = []
    for (const replica of replicas) honoured.push(await expectSignedIn(browser.at(replica.url), ada.email))
    test.diagnostic(`signed in by ${signedInBy.replica}, ${expectAll(honoured, replicas)}`)
  }
})

scenario('behind nginx, too, every replica answers somebody who signed in once', async (test) => {
  const { replicas } = stage.cluster
  const ada = person('Ada')
  await register(ada)
  test.diagnostic(expectAll(await ask(ada, '/account', replicas.length * 4), replicas))
})

scenario('the very next request after signing in is signed in, wherever it goes', ['replicas'], async () => {
  const { replicas } = stage.cluster
  const ada = await register(person('Ada'))
  for (let time = 0; time < replicas.length * 2; time++) {
    const browser = person('Ada')
    // A redirect is followed when its head is there; the rest of the answer may still be on its way.
    await signIn(browser.at(replicas[time % replicas.length]?.url ?? ''), ada, { resolveOnHeaders: true })
    const asked = replicas.map(({ url }) => browser.at(url).get('/account'))
    for (const answer of await Promise.all(asked)) expect(answer, 200)
  }
})

scenario('an answer waits until its change is committed, however long that takes', ['database'], async () => {
  const ada = await register(person('Ada'))
  const vic = person('Vic')
  const [product = ''] = await productsOf(vic)
  await putInBasket(vic, product, 1)
  const hasty = { resolveOnHeaders: true }
  const changes = {
    'putting something into the basket': () => vic.post('/basket/items', { product, quantity: 2 }, hasty),
    'signing in': () => signIn(vic, ada, hasty),
    'signing in again': () => signIn(vic, ada, hasty),
    'signing out': () => vic.post('/logout', {}, hasty),
  }
  for (const [what, change] of Object.entries(changes)) {
    const lock = await stage.database.hold(parseCookieValue(vic.jar.get('sid') ?? '').sid)
    const answer = expect(await change(), 303)
    assert.equal(
      await lock.held(),
      false,
      describeResponse(answer, `${what}: the answer came before the change was committed`),
    )
    await lock.over
  }
})

scenario('registering is signing in, on every replica', ['replicas'], async () => {
  const { replicas } = stage.cluster
  for (const home of replicas) {
    const bea = person('Bea')
    const { email } = await register(bea.at(home.url), freshCredentials('Bea'))
    for (const { url } of replicas) await expectSignedIn(bea.at(url), email)
  }
})

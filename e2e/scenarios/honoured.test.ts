import { expect } from '../people/answer.ts'
import { expectSignedIn, freshCredentials, register, signIn } from '../people/errands.ts'
import { ask, expectAll } from '../people/rounds.ts'
import { setStage } from './stage.ts'

const stage = setStage()
const { scenario, person } = stage

scenario('a login on one replica is honoured by every other', async (test) => {
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

scenario('the very next request after signing in is signed in, wherever it goes', async () => {
  const { replicas } = stage.cluster
  const ada = await register(person('Ada'))
  for (let time = 0; time < replicas.length * 2; time++) {
    const browser = person('Ada', { connection: 'fresh' })
    await signIn(browser, ada)
    // Everything is asked for at once, as a browser does that is sent on to a page.
    const asked = replicas.map(({ url }) => browser.at(url).get('/account'))
    for (const answer of await Promise.all(asked)) expect(answer, 200)
  }
})

scenario('registering is signing in, on every replica', async () => {
  const { replicas } = stage.cluster
  for (const home of replicas) {
    const bea = person('Bea')
    const { email } = await register(bea.at(home.url), freshCredentials('Bea'))
    for (const { url } of replicas) await expectSignedIn(bea.at(url), email)
  }
})

import assert from 'node:assert/strict'
import { expectSignedIn, freshCredentials, register, signIn, signOut } from '../../support/actors/actions.ts'
import { expect, type Response } from '../../support/actors/response.ts'
import { useCluster } from '../../support/fixture.ts'

const fixture = useCluster({}, 'addresses', 'replicas')
const { scenario, person } = fixture
/** More than any limit allows. */
const MAX_GUESSES = 40

scenario("All replicas count an account's failures, and let its known browser in", async (test) => {
  const { replicas } = fixture.cluster
  const home = person('Ada')
  const ada = await register(home)
  await signOut(home)

  const failures = await guessUntilRefused(ada.email)
  test.diagnostic(`refused after ${failures} wrong passwords over ${replicas.length} replicas`)
  for (const { url } of replicas) {
    const guess = { email: ada.email, password: 'another guess' }
    const refused = expect(await stranger(50).at(url).post('/login', guess), 429)
    assert.ok(Number(refused.headers['retry-after']) > 0, 'it says when to try again')
    expect(await stranger(51).at(url).post('/login', { email: ada.email, password: ada.password }), 429)
  }
  await signIn(home, ada)
  await expectSignedIn(home, ada.email)
})

scenario("All replicas count a client address's failures over all accounts", async (test) => {
  const responses: Response[] = []
  while (responses.at(-1)?.status !== 429 && responses.length < 400) {
    const { email } = freshCredentials('unknown')
    responses.push(expect(await stranger(77).post('/login', { email, password: 'spread over many' }), 401, 429))
  }
  test.diagnostic(`refused after ${responses.length - 1} accounts tried`)
  assert.equal(responses.at(-1)?.status, 429)
  for (const { url } of fixture.cluster.replicas) {
    const { email, password } = freshCredentials('unknown')
    expect(await person('the same', { url, localAddress: '127.0.3.78' }).post('/login', { email, password }), 429)
  }
})

scenario('No limit counts successful sign-ins', async () => {
  const ada = await register(person('Ada'))
  for (let time = 0; time < MAX_GUESSES; time++) await signIn(person('Ada', { localAddress: '127.0.3.9' }), ada)
})

/** Guesses, each from another address, until one is refused; the number of guesses before. */
async function guessUntilRefused(email: string): Promise<number> {
  for (let count = 0; count < MAX_GUESSES; count++) {
    const guess = { email, password: `guess number ${count}` }
    if (expect(await stranger(count).post('/login', guess), 401, 429).status === 429) return count
  }
  return assert.fail(`${MAX_GUESSES} wrong passwords for one account were allowed`)
}

/** A new browser with an address of its own. */
function stranger(number: number) {
  return person('a stranger', { localAddress: `127.0.3.${number + 1}` })
}

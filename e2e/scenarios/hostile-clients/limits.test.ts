import assert from 'node:assert/strict'
import { expectSignedIn, freshCredentials, register, signIn, signOut } from '../../support/actors/actions.ts'
import { expect, type Response } from '../../support/actors/response.ts'
import { useCluster } from '../../support/fixture.ts'

const stage = useCluster({}, 'addresses', 'replicas')
const { scenario, person } = stage
/** More than any limit allows on one replica; with a limit for each replica it would not be reached by them together. */
const PATIENCE = 40

scenario("failures on one replica count on all, and the owner's known browser is not locked out", async (test) => {
  const { replicas } = stage.cluster
  const home = person('Ada')
  const ada = await register(home)
  await signOut(home)

  const failures = await guessUntilRefused(ada.email)
  test.diagnostic(`refused after ${failures} wrong passwords over ${replicas.length} replicas`)
  for (const { url } of replicas) {
    const refused = expect(
      await stranger(50).at(url).post('/login', { email: ada.email, password: 'another guess' }),
      429,
    )
    assert.ok(Number(refused.headers['retry-after']) > 0, 'it says when to try again')
    expect(await stranger(51).at(url).post('/login', { email: ada.email, password: ada.password }), 429)
  }
  await signIn(home, ada)
  await expectSignedIn(home, ada.email)
})

scenario('failures from one address count on all replicas, whatever accounts they try', async (test) => {
  const { replicas } = stage.cluster
  const answers: Response[] = []
  while (answers.at(-1)?.status !== 429 && answers.length < 400) {
    const { email } = freshCredentials('somebody')
    answers.push(expect(await stranger(77).post('/login', { email, password: 'spread over many' }), 401, 429))
  }
  test.diagnostic(`refused after ${answers.length - 1} addresses tried`)
  assert.equal(answers.at(-1)?.status, 429)
  for (const { url } of replicas) {
    const { email, password } = freshCredentials('somebody')
    expect(await person('the same', { url, localAddress: '127.0.3.78' }).post('/login', { email, password }), 429)
  }
})

scenario('signing in well is never counted', async () => {
  const ada = await register(person('Ada'))
  for (let time = 0; time < PATIENCE; time++) await signIn(person('Ada', { localAddress: '127.0.3.9' }), ada)
})

/** Guesses through nginx, each time from another address, until one is refused; how many were answered before. */
async function guessUntilRefused(email: string): Promise<number> {
  for (let count = 0; count < PATIENCE; count++) {
    const guess = { email, password: `guess number ${count}` }
    if (expect(await stranger(count).post('/login', guess), 401, 429).status === 429) return count
  }
  return assert.fail(`${PATIENCE} wrong passwords for one account were let through`)
}

/** A browser that nobody has seen before, at an address of its own. */
function stranger(number: number) {
  return person('a stranger', { localAddress: `127.0.3.${number + 1}` })
}

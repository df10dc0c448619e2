import assert from 'node:assert/strict'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import {
  type Credentials,
  expectBasket,
  expectSignedIn,
  productsOf,
  putInBasket,
  register,
  signIn,
} from '../../support/actors/actions.ts'
import {
  describeResponse,
  expect,
  expectNoCookie,
  expectUnavailable,
  expectWithin,
  type Response,
} from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'
import { report } from '../../support/load/history.ts'

const fixture = useClusterBehindProxy()
const { scenario, person } = fixture
/** The time limit of every request, whatever the database does. */
const MAX_MS = 3500
/** The time limit of pages that need no store. */
const MAX_PUBLIC_MS = 1500
/** The time limit of the recovery after the database's return. */
const RECOVERY_MS = 3000

const OUTAGES: Readonly<Record<string, () => Promise<void>>> = {
  'has stopped': () => fixture.postgres.stop('fast'),
  'has crashed': () => fixture.postgres.stop('immediate'),
  'is cut off': () => fixture.proxy.close(),
  'is silent': async () => fixture.proxy.blackhole(),
}

for (const [what, begin] of Object.entries(OUTAGES)) {
  scenario(`While Postgres ${what}, no request ends a sign-in or waits long`, async (test) => {
    const people = await createPeople()
    const processes = fixture.processes()
    const cookies = cookiesOf(people)
    await begin()
    let slowest = 0
    for (const url of fixture.addresses()) slowest = Math.max(slowest, await requestEverything(people, url))
    test.diagnostic(`slowest answer: ${Math.round(slowest)} ms`)

    await fixture.postgres.start()
    await fixture.proxy.open()
    const start = performance.now()
    await waitFor('all replicas to know the session again', RECOVERY_MS, () => isKnown(people.ada))
    test.diagnostic(`all as before ${Math.round(performance.now() - start)} ms after the return`)
    await expectAsBefore(people)
    assert.deepEqual(cookiesOf(people), cookies, 'the cookies are the same')
    assert.deepEqual(fixture.processes(), processes, 'no replica was restarted')
  })
}

for (const mode of ['fast', 'immediate'] as const) {
  scenario(`A restart of Postgres under load (${mode}) ends no session, loses nothing and is bounded`, async (test) => {
    const load = await fixture.startLoad({ workers: 8, thinkTimeMs: 10, maxMs: 40_000 })
    await load.served(100)
    await fixture.postgres.restart(mode)
    await load.served(200)
    report(test, await load.stop()).assertBounded(MAX_MS, [503])
  })
}

interface People {
  /** Signed in, with a basket. */
  readonly ada: Visitor
  readonly credentials: Credentials
  /** A visitor with a basket. */
  readonly bea: Visitor
  /** A visitor without a session. */
  readonly vic: Visitor
  readonly product: string
}

async function createPeople(): Promise<People> {
  const [ada, bea, vic] = [person('Ada'), person('Bea'), person('Vic')]
  const [product = ''] = await productsOf(vic)
  const credentials = await register(ada)
  for (const shopper of [ada, bea]) await putInBasket(shopper, product, 3)
  return { ada, bea, vic, credentials, product }
}

function cookiesOf({ ada, bea, vic }: People): readonly unknown[] {
  return [ada, bea, vic].map(({ jar }) => jar.header(new URL(fixture.cluster.url)))
}

/** Sends all requests to this address at once; the longest duration. */
async function requestEverything({ ada, bea, vic, credentials, product }: People, url: string): Promise<number> {
  const { email, password } = credentials
  const withStore = [
    ...['/account', '/basket', '/api/session'].map((path) => ada.at(url).get(path, { json: true })),
    ...['/account', '/basket'].map((path) => ada.at(url).get(path)),
    ...['/basket/items', '/login', '/logout'].map((path) => ada.at(url).post(path, { product, quantity: 5 })),
    bea.at(url).get('/basket'),
    bea.at(url).post('/login', { email, password }),
  ]
  const undecided = ['/', '/login', '/register'].map((path) => ada.at(url).get(path))
  const withoutStore = ['/', '/login', '/livez', '/readyz'].map((path) => vic.at(url).get(path))
  const responses = [
    ...(await Promise.all(withStore)).map(expectUnavailable),
    ...(await Promise.all(undecided)).map(expectUndecided),
  ]
  for (const response of await Promise.all(withoutStore)) expectWithin(MAX_PUBLIC_MS, expect(response, 200))
  return Math.max(...responses.map((response) => expectWithin(MAX_MS, response).durationMs))
}

/** A page that does not know the visitor: its head offers neither to sign in nor to sign out. */
function expectUndecided(response: Response): Response {
  const head = /<header[\s\S]*<\/header>/.exec(expect(response, 200).text)?.[0] ?? ''
  const claim = /href="\/(login|register|account)"|action="\/logout"/
  assert.doesNotMatch(head, claim, describeResponse(response, 'no claim was expected'))
  return expectNoCookie(response)
}

async function isKnown(visitor: Visitor): Promise<boolean> {
  for (const { url } of fixture.cluster.replicas)
    if ((await visitor.at(url).get('/api/session', { json: true })).status !== 200) return false
  return true
}

async function expectAsBefore({ ada, bea, credentials, product }: People): Promise<void> {
  for (const url of fixture.addresses()) {
    await expectSignedIn(ada.at(url), credentials.email)
    for (const shopper of [ada, bea]) await expectBasket(shopper.at(url), { [product]: 3 })
  }
  await signIn(person('Ada elsewhere'), credentials)
}

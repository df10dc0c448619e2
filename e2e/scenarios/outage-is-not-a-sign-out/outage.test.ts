import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { expectSignedIn, productsOf, putInBasket, register, sessionOf, signIn } from '../../support/actors/actions.ts'
import { describeResponse, expect, type Response } from '../../support/actors/response.ts'
import type { Visitor } from '../../support/actors/visitor.ts'
import { useClusterBehindProxy } from '../../support/faults/with-database-proxy.ts'
import type { HistoryEntry } from '../../support/load/history.ts'

const stage = useClusterBehindProxy()
const { scenario, person } = stage
/** Within which every request is answered, whatever the database does. */
const BOUND = 3500
/** Within which all is as before, once the database is back. */
const RECOVERY = 3000

/** The ways in which a database can be away. */
const outages: Readonly<Record<string, () => Promise<void>>> = {
  'has stopped': () => stage.postgres.stop('fast'),
  'has crashed': () => stage.postgres.stop('immediate'),
  'is cut off': () => stage.proxy.close(),
  'is silent': async () => stage.proxy.blackhole(),
}

for (const [what, begin] of Object.entries(outages)) {
  scenario(`while Postgres ${what} nobody is taken for signed out, and nobody waits long`, async (test) => {
    const people = await regulars()
    const processes = stage.cluster.replicas.map(({ pid }) => pid)
    const cookies = people.all.map(({ jar }) => jar.header(new URL(stage.cluster.url)))
    await begin()
    const addresses = [stage.cluster.url, ...stage.cluster.replicas.map(({ url }) => url)]
    let slowest = 0
    for (const url of addresses) slowest = Math.max(slowest, await duringOutage(people, url))
    test.diagnostic(`slowest answer: ${Math.round(slowest)} ms`)

    await stage.postgres.start()
    await stage.proxy.open()
    const back = performance.now()
    await answeredAgain(people.ada)
    test.diagnostic(`all as before ${Math.round(performance.now() - back)} ms after the return`)
    await asBefore(people)
    assert.deepEqual(
      people.all.map(({ jar }) => jar.header(new URL(stage.cluster.url))),
      cookies,
      'the cookies are what they were',
    )
    assert.deepEqual(
      stage.cluster.replicas.map(({ pid }) => pid),
      processes,
      'no replica was started again',
    )
  })
}

for (const mode of ['fast', 'immediate'] as const) {
  scenario(
    `a restart of Postgres under load (${mode}) signs nobody out, loses nothing, and is bounded`,
    async (test) => {
      const crowd = await stage.crowd({ workers: 8, thinkTimeMs: 10, maxMs: 40_000 })
      await crowd.served(100)
      await stage.postgres.restart(mode)
      await crowd.served(200)
      const ledger = await crowd.stop()
      test.diagnostic(ledger.summary())
      const slow = ledger.entries.filter(({ durationMs }) => durationMs > BOUND)
      const wrong = ledger.failures().filter(({ status }) => status !== 503)
      const show = (entries: readonly HistoryEntry[]) => entries.slice(0, 5).map((entry) => JSON.stringify(entry))
      assert.deepEqual([...show(wrong), ...show(slow)], [])
      assert.deepEqual(ledger.losses(), [])
    },
  )
}

interface People {
  /** Signed in, with a basket. */
  readonly ada: Visitor
  readonly email: string
  readonly password: string
  /** A visitor with a basket. */
  readonly bea: Visitor
  /** Nobody. */
  readonly vic: Visitor
  readonly product: string
  readonly all: readonly Visitor[]
}

async function regulars(): Promise<People> {
  const [ada, bea, vic] = [person('Ada'), person('Bea'), person('Vic')]
  const [product = ''] = await productsOf(vic)
  const { email, password } = await register(ada)
  for (const shopper of [ada, bea]) await putInBasket(shopper, product, 3)
  return { ada, bea, vic, email, password, product, all: [ada, bea, vic] }
}

/** Everybody asks for everything at this address at once; answers with the longest wait. */
async function duringOutage({ ada, bea, vic, email, password, product }: People, url: string): Promise<number> {
  const required = [
    ...['/account', '/basket', '/api/session'].map((path) => ada.at(url).get(path, { json: true })),
    ...['/account', '/basket'].map((path) => ada.at(url).get(path)),
    ...['/basket/items', '/login', '/logout'].map((path) => ada.at(url).post(path, { product, quantity: 5 })),
    bea.at(url).get('/basket'),
    bea.at(url).post('/login', { email, password }),
  ]
  const undecided = ['/', '/login', '/register'].map((path) => ada.at(url).get(path))
  const others = ['/', '/login', '/livez', '/readyz'].map((path) => vic.at(url).get(path))
  const answers = [
    ...(await Promise.all(required)).map(unavailable),
    ...(await Promise.all(undecided)).map(undecidedPage),
  ]
  for (const answer of await Promise.all(others)) {
    expect(answer, 200)
    assert.ok(answer.durationMs < 1500, describeResponse(answer, 'there was nothing to wait for'))
  }
  return Math.max(...answers.map(({ durationMs }) => durationMs))
}

/** Our own 503, in time, that says when to come back and leaves the cookie alone. */
function unavailable(answer: Response): Response {
  expect(answer, 503)
  assert.ok(answer.replica, describeResponse(answer, 'an answer of a replica was expected, not of nginx'))
  assert.match(
    String(answer.headers['retry-after']),
    /^[1-9]\d*$/,
    describeResponse(answer, 'Retry-After was expected'),
  )
  return bounded(answer)
}

/** A page that stands without knowing who is there: its head offers neither the way in nor the way out. */
function undecidedPage(answer: Response): Response {
  expect(answer, 200)
  const head = /<header[\s\S]*<\/header>/.exec(answer.text)?.[0] ?? ''
  assert.doesNotMatch(
    head,
    /href="\/(login|register|account)"|action="\/logout"/,
    describeResponse(answer, 'no claim was expected'),
  )
  return bounded(answer)
}

function bounded(answer: Response): Response {
  assert.deepEqual(answer.cookies, [], describeResponse(answer, 'no cookie was expected'))
  assert.ok(
    answer.durationMs < BOUND,
    describeResponse(answer, `within ${BOUND} ms and not ${Math.round(answer.durationMs)}`),
  )
  return answer
}

async function answeredAgain(somebody: Visitor): Promise<void> {
  const end = performance.now() + RECOVERY
  for (const { url } of stage.cluster.replicas) {
    while ((await somebody.at(url).get('/api/session', { json: true })).status !== 200) {
      assert.ok(performance.now() < end, `not as before ${RECOVERY} ms after the return`)
      await pause(50)
    }
  }
}

async function asBefore({ ada, bea, email, password, product }: People): Promise<void> {
  for (const url of [stage.cluster.url, ...stage.cluster.replicas.map(({ url }) => url)]) {
    await expectSignedIn(ada.at(url), email)
    for (const shopper of [ada, bea]) assert.deepEqual((await sessionOf(shopper.at(url))).basket, { [product]: 3 })
  }
  await signIn(person('Ada elsewhere'), { email, password })
}

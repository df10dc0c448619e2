import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { provideDatabase } from '../../../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../../../cluster/postgres/postgres.ts'
import {
  type ExampleReplica,
  exampleAsk,
  exampleView,
  prepareExample,
  startExample,
} from '../../support/actors/example-app.ts'
import { expect } from '../../support/actors/response.ts'
import { createVisitor } from '../../support/actors/visitor.ts'
import { copySession } from '../../support/attacks/copy-session.ts'
import { type DatabaseProxy, startDatabaseProxy } from '../../support/faults/database-proxy.ts'
import { skipUnlessLocal } from '../../support/fixture.ts'

const ADA = { username: 'ada', password: 'lantern over water' }

describe('a stranger’s application', { skip: skipUnlessLocal() }, () => {
  let folder: string
  let postgres: Postgres
  let road: DatabaseProxy
  let here: ExampleReplica
  let there: ExampleReplica
  before(async () => {
    folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-example-'))
    postgres = await startPostgres({ folder, durable: false })
    const database = await provideDatabase(postgres.url, 'stranger', randomBytes(12).toString('hex'))
    await prepareExample(database)
    road = await startDatabaseProxy(database)
    const secret = randomBytes(24).toString('hex')
    here = await startExample('example-1', road.url, secret)
    there = await startExample('example-2', road.url, secret)
  })
  after(async () => {
    for (const replica of [here, there]) await replica.stop()
    await road.close()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('a stranger’s application with the heart put in: signed in on one process, known on the other, nothing lost', async () => {
    const browser = createVisitor({ name: 'Ada', url: here.url })
    await exampleAsk(browser.at(here.url), '/wishes', { wish: 'a lantern' })
    road.slow('example-1', 100)
    await browser.at(here.url).post('/login', ADA, { json: true, resolveOnHeaders: true })
    assert.deepEqual(await exampleView(browser.at(there.url)), { name: 'ada', wishes: ['a lantern'] })
    await road.open()
    for (const { url } of [there, here]) {
      await exampleAsk(browser.at(url), '/wishes', { wish: `a boat at ${url}` })
      for (const replica of [here, there]) {
        const { name, wishes } = await exampleView(browser.at(replica.url))
        assert.ok(name === 'ada' && wishes.includes(`a boat at ${url}`), `${name} wishes ${wishes.join(', ')}`)
      }
    }
  })

  test('its two tabs wish for two things at once: both are kept', async () => {
    const browser = createVisitor({ name: 'Ada', url: here.url })
    await exampleAsk(browser.at(here.url), '/login', ADA)
    const gate = road.pauseAfterRead('example-1')
    const first = exampleAsk(browser.at(here.url), '/wishes', { wish: 'a lantern' })
    await gate.reached
    await exampleAsk(browser.at(there.url), '/wishes', { wish: 'a boat' })
    gate.open()
    await first
    assert.deepEqual((await exampleView(browser.at(there.url))).wishes.toSorted(), ['a boat', 'a lantern'])
  })

  test('its sign-out is final, whatever was in flight', async () => {
    const browser = createVisitor({ name: 'Ada', url: here.url })
    await exampleAsk(browser.at(here.url), '/login', ADA)
    const thief = copySession(browser, createVisitor({ name: 'a thief', url: here.url }))
    const gate = road.pauseAfterRead('example-1')
    const late = browser.at(here.url).post('/wishes', { wish: 'to stay' }, { json: true })
    await gate.reached
    await exampleAsk(browser.at(there.url), '/logout')
    gate.open()
    assert.deepEqual(expect(await late, 401).cookies, [])
    for (const { url } of [here, there]) {
      assert.equal((await exampleView(browser.at(url))).name, null)
      assert.deepEqual(await exampleView(thief.at(url)), { name: null, wishes: [] })
    }
  })

  test('its passwords are checked', async () => {
    const browser = createVisitor({ name: 'Vic', url: here.url })
    expect(await browser.at(here.url).post('/login', { ...ADA, password: 'a guess' }, { json: true }), 401)
    assert.deepEqual(browser.jar.all(), [])
  })
})

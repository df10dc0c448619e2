import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { examplePost, exampleView, prepareExample, startExample } from '../../support/actors/example-app.ts'
import { expect, expectNoCookie } from '../../support/actors/response.ts'
import { createVisitor } from '../../support/actors/visitor.ts'
import type { AppProcess } from '../../support/app-process.ts'
import { copySession } from '../../support/attacks/cookies.ts'
import { type OwnPostgres, startEmptyDatabase } from '../../support/empty-database.ts'
import { startExampleNginx } from '../../support/example-nginx.ts'
import { type DatabaseProxy, startDatabaseProxy } from '../../support/faults/database-proxy.ts'
import { skipUnlessLocal } from '../../support/fixture.ts'

const ADA = { username: 'ada', password: 'lantern over water' }

describe('the example application in two processes', { skip: skipUnlessLocal() }, () => {
  let database: OwnPostgres
  let proxy: DatabaseProxy
  let here: AppProcess
  let there: AppProcess
  let nginx: AppProcess
  const browserOf = (name: string) => createVisitor({ name, url: here.url })
  before(async () => {
    database = await startEmptyDatabase()
    await prepareExample(database.url)
    proxy = await startDatabaseProxy(database.url)
    const secret = randomBytes(24).toString('hex')
    here = await startExample('example-1', proxy.url, secret)
    there = await startExample('example-2', proxy.url, secret)
    nginx = await startExampleNginx('example-nginx', [here.url, there.url])
  })
  after(async () => {
    for (const process of [nginx, here, there]) await process?.stop()
    await proxy.close()
    await database.stop()
  })

  test('A sign-in on one process counts on the other, and no change is lost', async () => {
    const browser = browserOf('Ada')
    await examplePost(browser.at(here.url), '/wishes', { wish: 'a lantern' })
    proxy.slow('example-1', 100)
    await browser.at(here.url).post('/login', ADA, { json: true, resolveOnHeaders: true })
    assert.deepEqual(await exampleView(browser.at(there.url)), { name: 'ada', wishes: ['a lantern'] })
    await proxy.open()
    for (const { url } of [there, here]) {
      await examplePost(browser.at(url), '/wishes', { wish: `a boat at ${url}` })
      for (const replica of [here, there]) {
        const { name, wishes } = await exampleView(browser.at(replica.url))
        assert.ok(name === 'ada' && wishes.includes(`a boat at ${url}`), `${name} wishes ${wishes.join(', ')}`)
      }
    }
  })

  test('Through nginx, a sign-in counts on both, and a sign-out ends it on both', async () => {
    const browser = browserOf('Ada')
    await examplePost(browser.at(nginx.url), '/login', ADA)
    for (const { url } of [nginx, nginx, here, there]) assert.equal((await exampleView(browser.at(url))).name, 'ada')
    await examplePost(browser.at(nginx.url), '/logout')
    for (const { url } of [nginx, nginx, here, there]) assert.equal((await exampleView(browser.at(url))).name, null)
  })

  test('Two tabs that add two wishes at once keep both', async () => {
    const browser = browserOf('Ada')
    await examplePost(browser.at(here.url), '/login', ADA)
    const pause = proxy.pauseAfterRead('example-1')
    const first = examplePost(browser.at(here.url), '/wishes', { wish: 'a lantern' })
    await pause.reached
    await examplePost(browser.at(there.url), '/wishes', { wish: 'a boat' })
    pause.resume()
    await first
    assert.deepEqual((await exampleView(browser.at(there.url))).wishes.toSorted(), ['a boat', 'a lantern'])
  })

  test('A sign-out is final, whatever is in flight', async () => {
    const browser = browserOf('Ada')
    await examplePost(browser.at(here.url), '/login', ADA)
    const copy = copySession(browser, browserOf('a copy'))
    const pause = proxy.pauseAfterRead('example-1')
    const late = browser.at(here.url).post('/wishes', { wish: 'to stay' }, { json: true })
    await pause.reached
    await examplePost(browser.at(there.url), '/logout')
    pause.resume()
    expectNoCookie(expect(await late, 401))
    for (const { url } of [here, there]) {
      assert.equal((await exampleView(browser.at(url))).name, null)
      assert.deepEqual(await exampleView(copy.at(url)), { name: null, wishes: [] })
    }
  })

  test('A wrong password is refused and sets no cookie', async () => {
    const browser = browserOf('Vic')
    expect(await browser.at(here.url).post('/login', { ...ADA, password: 'a guess' }, { json: true }), 401)
    assert.deepEqual(browser.jar.all(), [])
  })
})

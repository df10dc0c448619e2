import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { examplePost, exampleView, startExample } from '../../support/actors/example-app.ts'
import { type Connection, connectSocketIo, connectWs } from '../../support/actors/sockets.ts'
import { createVisitor, type Visitor } from '../../support/actors/visitor.ts'
import type { AppProcess } from '../../support/app-process.ts'
import { sessionCookie } from '../../support/attacks/cookies.ts'
import { type OwnPostgres, startEmptyDatabase } from '../../support/empty-database.ts'
import { startExampleNginx } from '../../support/example-nginx.ts'
import { type DatabaseProxy, startDatabaseProxy } from '../../support/faults/database-proxy.ts'
import { skipUnlessLocal } from '../../support/fixture.ts'

const SECRET = randomBytes(24).toString('hex')

for (const example of ['websockets', 'nest'])
  describe(`examples/${example} in two processes behind nginx`, { skip: skipUnlessLocal() }, () => {
    let database: OwnPostgres
    let proxy: DatabaseProxy
    let replicas: AppProcess[] = []
    let nginx: AppProcess
    before(async () => {
      database = await startEmptyDatabase()
      proxy = await startDatabaseProxy(database.url)
      const names = [`${example}-1`, `${example}-2`]
      replicas = await Promise.all(names.map((name) => startExample(name, proxy.url, SECRET, example)))
      const urls = replicas.map(({ url }) => url)
      nginx = await startExampleNginx(`${example}-nginx`, urls)
    })
    after(async () => {
      for (const process of [nginx, ...replicas]) await process?.stop()
      await proxy.close()
      await database.stop()
    })
    const everywhere = () => [nginx.url, ...replicas.map(({ url }) => url), nginx.url]
    const browserOf = (name: string) => createVisitor({ name, url: nginx.url })
    const nameAt = async (visitor: Visitor) => (await exampleView(visitor)).name

    test('A sign-in through nginx counts on both, and a sign-out on one ends it on both', async () => {
      const ada = browserOf('Ada')
      await examplePost(ada, '/login', { name: 'ada' })
      for (const url of everywhere()) assert.equal(await nameAt(ada.at(url)), 'ada')
      await examplePost(ada.at(replicas[1]?.url ?? ''), '/logout')
      for (const url of everywhere()) assert.equal(await nameAt(ada.at(url)), null)
    })

    if (example === 'websockets') {
      const cookieOf = (visitor: Visitor) => `connect.sid=${sessionCookie(visitor, 'connect.sid')}`

      test('A connection to either process knows who is signed in, and learns of the sign-out', async () => {
        const ada = browserOf('Ada')
        await examplePost(ada, '/login', { name: 'ada' })
        const connections: Connection[] = []
        for (const { url } of replicas) {
          connections.push(await connectWs(url, cookieOf(ada)))
          for (const transport of ['polling', 'websocket'] as const)
            connections.push(await connectSocketIo(url, cookieOf(ada), transport))
        }
        connections.push(await connectWs(nginx.url, cookieOf(ada)))
        connections.push(await connectSocketIo(nginx.url, cookieOf(ada), 'websocket'))
        for (const connection of connections) assert.equal(await connection.who(), 'ada')
        const cookie = cookieOf(ada)
        await examplePost(ada.at(replicas[0]?.url ?? ''), '/logout')
        for (const connection of connections) {
          assert.equal(await connection.who(), null)
          connection.close()
        }
        for (const url of everywhere()) await assert.rejects(connectWs(url, cookie), /status 401/)
      })

      test('An upgrade without a session, with a forged cookie or during an outage ends no process', async () => {
        const ada = browserOf('Ada')
        await examplePost(ada, '/login', { name: 'ada' })
        for (const cookie of [undefined, 'connect.sid=garbage%', 'connect.sid=s%3Aabc.forged'])
          await assert.rejects(connectWs(nginx.url, cookie), /status 401/)
        await proxy.close()
        for (const { url } of replicas) await assert.rejects(connectWs(url, cookieOf(ada)), /status 503/)
        await proxy.open()
        for (const url of everywhere()) assert.equal(await nameAt(ada.at(url)), 'ada')
      })
    }
  })

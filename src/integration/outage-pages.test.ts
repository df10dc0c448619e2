import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startTestServer } from '../testing/test-server.ts'

const VIC = { name: 'Vic', email: 'vic@example.com', password: 'a lantern over deep water' }

test('while the store is unavailable the home page is served without a user, and the basket is a 503', async () => {
  const database = await freshDatabase()
  const road = await relay(new URL(database.url))
  const app = await startTestServer({ databaseUrl: road.url })
  const vic = app.client()
  try {
    await vic.post('/register', VIC)
    assert.match((await vic.get('/')).text, /action="\/logout"/)
    await road.close()
    const home = await vic.get('/')
    assert.equal(home.status, 200)
    assert.doesNotMatch(home.text, /href="\/(login|register|account)"|action="\/logout"/)
    const basket = await vic.get('/basket')
    assert.equal(basket.status, 503)
    assert.match(basket.text, /nobody was signed out/)
    assert.match(String(basket.headers['retry-after']), /^\d+$/)
    assert.equal(basket.headers['set-cookie'], undefined)
  } finally {
    await road.close()
    await app.close()
    await database.drop()
  }
})

async function relay(to: URL): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((near) => {
    const far = net.connect(Number(to.port), to.hostname)
    for (const socket of [near, far]) sockets.add(socket.on('error', () => socket.destroy()))
    near.pipe(far).pipe(near)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(to)
  url.host = `127.0.0.1:${(server.address() as net.AddressInfo).port}`
  return {
    url: url.href,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTcpProxy } from '../../test-support/tcp-proxy.ts'
import { freshDatabase } from '../testing/fresh-database.ts'
import { startTestServer } from '../testing/test-server.ts'

const VIC = { name: 'Vic', email: 'vic@example.com', password: 'a lantern over deep water' }

test('while the store is unavailable the home page is served without a user, and the basket is a 503', async () => {
  const database = await freshDatabase()
  const proxy = await startTcpProxy(database.url)
  const app = await startTestServer({ databaseUrl: proxy.url })
  const vic = app.client()
  try {
    await vic.post('/register', VIC)
    assert.match((await vic.get('/')).text, /action="\/logout"/)
    await proxy.close()
    const home = await vic.get('/')
    assert.equal(home.status, 200)
    assert.doesNotMatch(home.text, /href="\/(login|register|account)"|action="\/logout"/)
    const basket = await vic.get('/basket')
    assert.equal(basket.status, 503)
    assert.match(basket.text, /nobody was signed out/)
    assert.match(String(basket.headers['retry-after']), /^\d+$/)
    assert.equal(basket.headers['set-cookie'], undefined)
  } finally {
    await proxy.close()
    await app.close()
    await database.drop()
  }
})

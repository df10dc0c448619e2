import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createSignatures } from '../sessions/request/session-cookie.ts'
import { PostgresSessionStore } from '../sessions/request/session-store.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'

const SECRET = 'a secret of this test, long enough'
const PASSWORD = 'a lantern over the turntable'

let app: TestServer
before(async () => {
  app = await startTestServer({ secrets: [SECRET] })
  await app.pool.query(
    `INSERT INTO product (id, name, note, shelf, price, stock) VALUES ('eggs', 'Eggs', '', '', 450, 9)`,
  )
})
after(() => app.close())

/** How an id ends while its owner has another session. */
const ENDS: Readonly<Record<string, (ada: Visitor, email: string) => Promise<unknown>>> = {
  'was signed out': (ada) => ada.post('/logout'),
  'became another by signing in': (ada, email) => ada.post('/login', { email, password: PASSWORD }),
}

for (const [how, end] of Object.entries(ENDS)) {
  test(`an id that ${how} is answered as signed out for a minute, then as a visitor's`, async () => {
    const late = await holderOfEnded(end)
    await age('50 seconds')
    const before = await rows()
    for (const json of [false, true]) {
      const refused = await late.post('/basket/items', { product: 'eggs', quantity: 1 }, { json })
      assert.deepEqual([refused.status, refused.headers['set-cookie']], [401, undefined])
    }
    assert.equal(await rows(), before, 'nothing was written for it')

    await age('11 seconds')
    const { body } = await late.get('/api/session', { json: true })
    assert.deepEqual([body.signedIn, body.basket], [false, {}])
    const put = await late.post('/basket/items', { product: 'eggs', quantity: 1 })
    assert.deepEqual([put.status, put.headers.location], [303, '/basket'])
    assert.equal(await rows(), before + 1, 'a visitor has a session like any other')
    assert.deepEqual((await late.get('/api/session', { json: true })).body.basket, { eggs: 1 })
  })
}

test("an unknown id is a visitor's at once", async () => {
  const vic = app.client()
  vic.cookies.set('sid', encodeURIComponent(createSignatures([SECRET]).sign('an-id-of-nobody')))
  assert.equal((await vic.post('/basket/items', { product: 'eggs', quantity: 1 })).status, 303)
  assert.deepEqual((await vic.get('/api/session', { json: true })).body.basket, { eggs: 1 })
})

test('cleanup deletes tombstones after ten minutes, and not before', async () => {
  const store = new PostgresSessionStore({ pool: app.pool })
  await app.pool.query(`
    INSERT INTO session_tombstone (sid, ended_at) VALUES
      ('lately', now()), ('nine-minutes-ago', now() - interval '9 minutes'), ('eleven', now() - interval '11 minutes')`)
  await store.table.deleteExpired(100)
  const left = await app.pool.query(
    `SELECT sid FROM session_tombstone WHERE sid IN ('lately', 'nine-minutes-ago', 'eleven') ORDER BY ended_at DESC`,
  )
  assert.deepEqual(
    left.rows.map(({ sid }) => sid),
    ['lately', 'nine-minutes-ago'],
  )
})

type Visitor = ReturnType<TestServer['client']>

/** A browser with a copy of Ada's earlier cookie. */
async function holderOfEnded(end: (ada: Visitor, email: string) => Promise<unknown>): Promise<Visitor> {
  const [ada, late] = [app.client(), app.client()]
  const email = `ada.${Math.random()}@example.net`
  await ada.post('/register', { email, name: 'Ada', password: PASSWORD })
  late.cookies.set('sid', ada.cookies.get('sid') ?? '')
  await end(ada, email)
  assert.notEqual(ada.cookies.get('sid'), late.cookies.get('sid'))
  return late
}

async function age(interval: string): Promise<void> {
  await app.pool.query('UPDATE session_tombstone SET ended_at = ended_at - $1::interval', [interval])
}

async function rows(): Promise<number> {
  return (await app.pool.query('SELECT FROM session')).rowCount ?? 0
}

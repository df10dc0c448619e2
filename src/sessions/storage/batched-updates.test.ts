import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIFETIME, testTable } from '../testing/test-table.ts'

const own = testTable()

test('concurrent updates share a statement, and each has its own result', async () => {
  const [plain, renewed, stale, gone] = ['plain', 'renewed', 'stale', 'gone']
  const versions = await own.stored([plain, renewed, stale])
  const strange = content({ text: 'NUL \u0000, half a pair \ud800, "quoted" \\ ☕' }, 'ada')
  const before = await expiry(renewed)
  own.statements.length = 0
  const results = await Promise.all([
    own.table.update(plain, versions[0] ?? '', strange),
    own.table.update(renewed, versions[1] ?? '', content({ n: 2 }), {
      idleMs: 2 * LIFETIME.idleMs,
      absoluteMs: LIFETIME.absoluteMs,
    }),
    own.table.update(stale, '1', content({ n: 3 })),
    own.table.update(gone, '1', content({ n: 4 })),
  ])
  assert.deepEqual(own.statements, ['update'])
  assert.equal(results[0], (await own.table.read(plain))?.version)
  assert.equal(results[1], (await own.table.read(renewed))?.version)
  assert.deepEqual(results.slice(2), [undefined, undefined])
  assert.equal((await own.table.read(plain))?.text, strange.text)
  assert.equal(await accountOf(plain), 'ada')
  assert.equal((await own.table.read(stale))?.text, content({ sid: stale }).text)
  assert.equal(await own.table.read(gone), undefined)
  assert.ok((await expiry(renewed)) > before, 'the expiry has moved')
  assert.ok((await expiry(plain)) <= before + 60_000, "and nobody else's has")
})

test('of two concurrent updates of one session one is written, and the other gets no version', async () => {
  const [version = ''] = await own.stored(['twice'])
  const results = await Promise.all([1, 2].map((n) => own.table.update('twice', version, content({ n }))))
  assert.equal(results[0], (await own.table.read('twice'))?.version)
  assert.equal(results[1], undefined)
  assert.equal((await own.table.read('twice'))?.text, content({ n: 1 }).text)
})

test('an update that Postgres refuses fails alone', async () => {
  const [version = ''] = await own.stored(['refused'])
  const update = await others('fine', 3)
  const refused = own.table.update('refused', version, content({ n: 1 }, 'an account\u0000'))
  const beside = Promise.all(update())
  await assert.rejects(refused, { name: 'SessionRefused' })
  assert.ok((await beside).every((each) => each !== undefined))
  assert.equal((await own.table.read('refused'))?.text, content({ sid: 'refused' }).text)
})

test('a locked row does not delay updates of other rows', async () => {
  const [version = ''] = await own.stored(['held'])
  const holder = await own.database.pool.connect()
  try {
    await holder.query('BEGIN')
    await holder.query("SELECT FROM session WHERE sid = 'held' FOR UPDATE")
    const update = await others('free', 3)
    const held = own.table.update('held', version, content({ n: 1 }))
    assert.ok((await Promise.all(update())).every((each) => each !== undefined))
    assert.equal(await held, undefined)
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
})

function content(session: object, accountId: string | null = null) {
  return { text: JSON.stringify(session), accountId }
}

async function others(name: string, count: number) {
  const sids = Array.from({ length: count }, (_, index) => `${name}-${index}`)
  const versions = await own.stored(sids)
  return () => sids.map((sid, index) => own.table.update(sid, versions[index] ?? '', content({ name })))
}

async function expiry(sid: string): Promise<number> {
  const { rows } = await own.database.pool.query(
    'SELECT extract(epoch FROM expire)::float8 * 1000 AS at FROM session WHERE sid = $1',
    [sid],
  )
  return rows[0].at
}

async function accountOf(sid: string): Promise<unknown> {
  return (await own.database.pool.query('SELECT account FROM session WHERE sid = $1', [sid])).rows[0].account
}

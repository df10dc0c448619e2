import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { SessionsOptions } from '../options.ts'
import { createSessions } from '../sessions.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'

let database: TestDatabase
const pools: pg.Pool[] = []
before(async () => {
  database = await createTestDatabase()
})
after(async () => {
  for (const pool of pools) await pool.end()
  await database.drop()
})

const secret = 'a secret of this test, long enough'
const DAY = 86_400_000

for (const where of ['in Postgres', 'in memory'] as const)
  describe(where, () => {
    /** Two replicas; one where the sessions are in memory. */
    function replicas(options: Partial<SessionsOptions> = {}) {
      const common = { secret, cookie: { maxAge: DAY }, ...options }
      if (where === 'in memory') {
        const sessions = createSessions({ ...common, pool: 'memory' } as SessionsOptions)
        return [sessions, sessions] as const
      }
      const create = () => {
        const pool = new pg.Pool({ connectionString: database.url, max: 5 })
        pools.push(pool)
        return createSessions({ ...common, pool } as SessionsOptions)
      }
      return [create(), create()] as const
    }
    type Sessions = ReturnType<typeof createSessions>

    /** As a request that signs in. */
    async function signIn({ store }: Sessions, account: string, fields: object = {}): Promise<string> {
      const req = { sessionStore: store } as never as Parameters<typeof store.generate>[0]
      store.generate(req)
      Object.assign(req.session, fields)
      await req.session.regenerate({ assign: { account } })
      await req.session.save()
      return req.sessionID
    }
    const isLive = async ({ store }: Sessions, sid: string) => (await store.read(sid)) !== undefined

    test('the sessions of an account are listed, the newest first, without their ids', async () => {
      const [here, there] = replicas({ describe: ({ account }) => ({ account: account ?? null }) })
      const [first, second] = [await signIn(here, 'list'), await signIn(there, 'list')]
      await signIn(here, 'another')
      const listed = await there.sessionsOf('list')
      assert.equal(listed.length, 2)
      for (const { id, since, lastSeen, expires, description } of listed) {
        assert.ok(!id.includes(first) && !id.includes(second))
        assert.deepEqual(description, { account: 'list' })
        for (const date of [since, lastSeen]) assert.ok(Math.abs(Number(date) - Date.now()) < 10_000)
        assert.ok(Math.abs(Number(expires) - Date.now() - DAY) < 10_000)
      }
      assert.ok(Number(listed[0]?.since) >= Number(listed[1]?.since))
    })

    test('a session ends by its public id on every replica, and no other does', async () => {
      const [here, there] = replicas()
      const [first, second] = [await signIn(here, 'end'), await signIn(here, 'end')]
      const [newest] = await there.sessionsOf('end')
      assert.equal(await there.end(newest?.id ?? ''), true)
      assert.deepEqual([await isLive(here, first), await isLive(here, second)], [true, false])
      assert.equal(await there.end(newest?.id ?? ''), false)
      for (const wrong of ['', 'nonsense', first, `${'x'.repeat(22)}.ZW5k`]) assert.equal(await there.end(wrong), false)
      assert.equal(await isLive(here, first), true)
    })

    test('all sessions of an account end except one, named by its id or its public id', async () => {
      const [here, there] = replicas()
      const sids = [await signIn(here, 'all'), await signIn(here, 'all'), await signIn(here, 'all')] as const
      assert.equal(await there.endAll('all', { except: sids[0] }), 2)
      const [kept] = await there.sessionsOf('all')
      await signIn(here, 'all')
      assert.equal(await there.endAll('all', { except: kept?.id }), 1)
      assert.equal(await isLive(here, sids[0]), true)
      const before = await there.count()
      assert.equal(await there.endAll('all'), 1)
      assert.equal(await there.count(), before - 1)
    })

    test('of twenty sign-ins at once on two replicas as many sessions are left as an account may have', async () => {
      const [here, there] = replicas({ maxSessionsPerAccount: 3 })
      await Promise.all(Array.from({ length: 20 }, (_, index) => signIn(index % 2 === 0 ? here : there, 'limited')))
      assert.equal((await here.sessionsOf('limited')).length, 3)
      const last = await signIn(there, 'limited')
      assert.equal((await here.sessionsOf('limited')).length, 3)
      assert.equal(await isLive(here, last), true)
    })

    test('a session that ended is not restored by store.set, and a concurrent end wins', async () => {
      const [here, there] = replicas()
      const set = (sid: string, data: object) =>
        new Promise((resolve, reject) =>
          here.store.set(sid, { ...data } as never, (error) => (error ? reject(error) : resolve(undefined))),
        )
      const data = { account: 'by-id', cookie: { originalMaxAge: DAY } }
      for (let round = 0; round < 20; round++) {
        const sid = `by-id-${where}-${round}`
        await set(sid, data)
        const ended = there.store.table.destroy(sid)
        if (round % 2 === 0) await ended
        await Promise.all([ended, set(sid, data).catch(() => {})])
        await assert.rejects(set(sid, data), { name: 'SessionEnded' })
        assert.equal(await isLive(here, sid), false)
      }
    })
  })

test('the sessions of an account are found by the index on accounts', async () => {
  await database.pool.query('SET enable_seqscan = off')
  const { rows } = await database.pool.query("EXPLAIN SELECT FROM session WHERE account = 'list'")
  assert.match(JSON.stringify(rows), /session_account/)
})

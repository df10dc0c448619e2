import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { freshDatabase } from '../testing/fresh-database.ts'
import { announceReplica, recentReplicas } from './replicas.ts'

const database = await freshDatabase()
const { pool } = database
after(() => database.drop())

const MINUTE = 60_000
const replica = (name: string, version = '1.0.0') => ({ name, version, startedAt: new Date('2026-01-02T03:04:05Z') })
const names = async (within = 3 * MINUTE) => (await recentReplicas(pool, within)).map(({ name }) => name)
const lastSeen = (name: string, ago: string) =>
  pool.query('UPDATE replica SET last_seen_at = now() - $2::interval WHERE name = $1', [name, ago])

test('announced replicas are listed in the order of their numbers, with version and start', async () => {
  for (const name of ['app-10', 'app-2', 'app-1']) await announceReplica(pool, replica(name))
  assert.deepEqual(await names(), ['app-1', 'app-2', 'app-10'])
  const [first] = await recentReplicas(pool, MINUTE)
  assert.equal(first?.version, '1.0.0')
  assert.equal(first?.startedAt.toISOString(), '2026-01-02T03:04:05.000Z')
})

test('a replica that returns with a newer version keeps one row', async () => {
  await announceReplica(pool, replica('app-2', '1.1.0'))
  assert.deepEqual(await names(), ['app-1', 'app-2', 'app-10'])
  assert.equal((await recentReplicas(pool, MINUTE)).find(({ name }) => name === 'app-2')?.version, '1.1.0')
})

test('a silent replica is hidden, and deleted after a day', async () => {
  await lastSeen('app-1', '10 minutes')
  assert.deepEqual(await names(), ['app-2', 'app-10'])
  await lastSeen('app-1', '25 hours')
  await announceReplica(pool, replica('app-2'))
  const { rows } = await pool.query("SELECT 1 FROM replica WHERE name = 'app-1'")
  assert.equal(rows.length, 0)
})

test('replicas that announce themselves together after a day do not deadlock', async () => {
  const replicas = Array.from({ length: 8 }, (_, number) => replica(`replica-${number}`))
  for (const one of replicas) await announceReplica(pool, one)
  await pool.query("UPDATE replica SET last_seen_at = now() - interval '2 days'")
  await Promise.all(replicas.map((one) => announceReplica(pool, one)))
  assert.deepEqual(
    await names(),
    replicas.map(({ name }) => name),
  )
})

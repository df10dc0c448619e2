import { createMetrics } from '../../../src/runtime/metrics.ts'
import { removeExpiredSessions } from '../../../src/sessions/operations/cleanup.ts'
import { PostgresSessionStore } from '../../../src/sessions/request/session-store.ts'
import type { TestServer } from '../../../src/testing/test-server.ts'

/** A morning at a replica: somebody registers, signs in wrongly, buys and leaves; the database is away for a moment. */
export async function live({ client: visitor, pool }: TestServer): Promise<void> {
  const ada = visitor()
  for (const path of ['/', '/shop', '/livez', '/readyz']) await ada.get(path)
  await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
  await ada.post('/login', { email: 'ada@example.net', password: 'a guess of somebody' })
  await pool.query('ALTER TABLE session RENAME TO session_away')
  await ada.get('/account')
  await pool.query('ALTER TABLE session_away RENAME TO session')
  await ada.post('/logout')
}

/** What the replica says of itself, and what it says where it has had the turn at upkeep, which comes within a minute at random. */
export async function said({ metricsUrl, pool }: TestServer): Promise<string> {
  const metrics = createMetrics()
  const store = new PostgresSessionStore({ pool, onQuery: metrics.storeQueried })
  await removeExpiredSessions(store)
  return `${await (await fetch(metricsUrl)).text()}\n${await metrics.text()}`
}

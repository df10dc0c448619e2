import { createMetrics } from '../../../src/runtime/metrics.ts'
import { removeExpiredSessions } from '../../../src/sessions/operations/cleanup.ts'
import { PostgresSessionStore } from '../../../src/sessions/request/session-store.ts'
import type { TestServer } from '../../../src/testing/test-server.ts'

/** Some traffic: a registration, a wrong password, a basket, a sign-out, a short outage. */
export async function live({ client: visitor, pool }: TestServer): Promise<void> {
  const ada = visitor()
  for (const path of ['/', '/shop', '/livez', '/readyz']) await ada.get(path)
  await ada.post('/register', { email: 'ada@example.net', name: 'Ada', password: 'a lantern over the turntable' })
  await ada.post('/login', { email: 'ada@example.net', password: 'a wrong guess' })
  await pool.query('ALTER TABLE session RENAME TO session_away')
  await ada.get('/account')
  await pool.query('ALTER TABLE session_away RENAME TO session')
  await ada.post('/logout')
}

/** The replica's metrics, with those of the jobs, which run within a minute at random. */
export async function scrape({ metricsUrl, pool }: TestServer): Promise<string> {
  const metrics = createMetrics()
  const store = new PostgresSessionStore({ pool, onQuery: metrics.storeQueried })
  await removeExpiredSessions(store)
  return `${await (await fetch(metricsUrl)).text()}\n${await metrics.text()}`
}

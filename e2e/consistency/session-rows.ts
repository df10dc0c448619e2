import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Content, Row } from './operation.ts'
import { MAX_AGE_MS } from './stores.ts'

/** The session table, without any store. */
export interface SessionRows {
  /** Inserts sessions that are a day old, so that moving their expiry is worth a write. */
  insert(rows: readonly Row[]): Promise<void>
  all(): Promise<Row[]>
  clear(): Promise<void>
  /** Waits until Postgres has closed the connections of a process that was killed. */
  connectionsClosed(applicationName: string): Promise<void>
}

const COOKIE = { originalMaxAge: MAX_AGE_MS, expires: '', httpOnly: true, path: '/' }
const DAY_MS = 86_400_000

export function openSessionRows(pool: Pool): SessionRows {
  return {
    async insert(rows) {
      const cookie = { ...COOKIE, expires: new Date(Date.now() + MAX_AGE_MS - DAY_MS).toISOString() }
      const contents = rows.map(({ content }) => JSON.stringify({ cookie, ...content }))
      await pool.query(
        `INSERT INTO session (sid, sess, expire, account)
         SELECT sid, sess::json, (now() + interval '29 days') AT TIME ZONE session_zone(), sess::json ->> 'account'
           FROM unnest($1::text[], $2::text[]) AS prepared (sid, sess)`,
        [rows.map(({ sid }) => sid), contents],
      )
    },
    async all() {
      const { rows } = await pool.query<{ sid: string; sess: Content }>('SELECT sid, sess FROM session')
      return rows.map(({ sid, sess: { cookie: _, ...content } }) => ({ sid, content }))
    },
    async clear() {
      await pool.query('DELETE FROM session')
    },
    async connectionsClosed(applicationName) {
      const open = 'SELECT 1 FROM pg_stat_activity WHERE application_name = $1'
      while ((await pool.query(open, [applicationName])).rowCount !== 0) await sleep(5)
    },
  }
}

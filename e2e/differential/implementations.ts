import connectPgSimple from 'connect-pg-simple'
import expressSession, { type MemoryStore } from 'express-session'
import type { Pool } from 'pg'
import type { SessionsOptions } from '../../src/sessions/options.ts'
import { createSessions, type Sessions } from '../../src/sessions/sessions.ts'
import type { Implementation, StoredSession } from './play.ts'

/** express-session and ours, each in memory and in Postgres. */
export function implementations(pool: Pool) {
  return {
    memory: { stock: stockInMemory(), ours: oursInMemory() },
    postgres: { stock: stockInPostgres(pool), ours: oursInPostgres(pool) },
  } as const satisfies Record<string, { stock: Implementation; ours: Implementation }>
}

function stockInMemory(): Implementation {
  let store: MemoryStore
  return {
    async create(options) {
      store = new expressSession.MemoryStore()
      return expressSession({ ...(options as expressSession.SessionOptions), store })
    },
    rows: () => allOf(store),
  }
}

function oursInMemory(): Implementation {
  let sessions: Sessions
  return {
    async create(options) {
      sessions = createSessions({ ...options, pool: 'memory' } as SessionsOptions)
      return sessions
    },
    rows: () => allOf(sessions.store),
  }
}

function stockInPostgres(pool: Pool): Implementation {
  return {
    async create(options) {
      await empty(pool)
      const { ttl, disableTouch, ...rest } = options as { ttl?: number; disableTouch?: boolean }
      const own = {
        pool,
        pruneSessionInterval: false,
        ...(ttl && { ttl }),
        ...(disableTouch && { disableTouch }),
      } as const
      const store = new (connectPgSimple(expressSession))(own)
      return expressSession({ ...(rest as expressSession.SessionOptions), store })
    },
    rows: () => rowsOf(pool),
  }
}

function oursInPostgres(pool: Pool): Implementation {
  return {
    async create(options) {
      await empty(pool)
      return createSessions({ ...options, pool, pruneSessionInterval: false } as SessionsOptions)
    },
    rows: () => rowsOf(pool),
  }
}

async function empty(pool: Pool): Promise<void> {
  await pool.query('TRUNCATE session, session_tombstone')
}

async function rowsOf(pool: Pool): Promise<readonly StoredSession[]> {
  const { rows } = await pool.query(
    `SELECT sess, extract(epoch FROM expire AT TIME ZONE current_setting('TimeZone') - now())::float8 AS remaining
       FROM session`,
  )
  return sorted(rows.map(({ sess, remaining }) => stored(sess, remaining)))
}

function allOf(store: { all?: MemoryStore['all'] }): Promise<readonly StoredSession[]> {
  return new Promise((resolve, reject) =>
    store.all?.((error, sessions) => {
      if (error) return reject(error)
      // A memory store has no expiry of its own.
      resolve(sorted(Object.values(sessions ?? {}).map((session) => stored(session, 0))))
    }),
  )
}

function stored({ cookie, ...data }: { cookie?: { originalMaxAge?: unknown } }, expiresInS: number): StoredSession {
  return { data, maxAge: cookie?.originalMaxAge, expiresInS }
}

function sorted(sessions: readonly StoredSession[]): readonly StoredSession[] {
  const text = ({ data }: StoredSession) => JSON.stringify(data)
  return sessions.toSorted((one, other) => text(one).localeCompare(text(other)))
}

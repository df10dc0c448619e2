import connectPgSimple from 'connect-pg-simple'
import type { RequestHandler } from 'express'
import expressSession, { type SessionData, type Store } from 'express-session'
import pg from 'pg'
import type { Contender } from './contenders.ts'
import { NoOpStore } from './no-op-store.ts'
import { openRoundhouse } from './roundhouse.ts'
import { cookieName, maxAge, secret } from './session-data.ts'

/** The part in which candidates differ. */
export interface Sessions {
  readonly middleware: RequestHandler | undefined
  readonly store: Store | undefined
  close(): Promise<void>
}

/** As the README of each says that it should be used. `url` is the database's or Redis', where it has one. */
export async function openSessions({ kind, touch }: Contender, url: string): Promise<Sessions> {
  switch (kind) {
    case 'none':
      return { middleware: undefined, store: undefined, close: async () => undefined }
    case 'free':
      return stock(new NoOpStore(), async () => undefined)
    case 'ours': {
      const pool = openPool(url)
      return { ...openRoundhouse(pool), close: () => pool.end() }
    }
    case 'stock': {
      const pool = openPool(url)
      const settings = { pool, tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false } as const
      return stock(new (connectPgSimple(expressSession))({ ...settings, disableTouch: !touch }), () => pool.end())
    }
    case 'redis': {
      // Only where it is used: it takes a tenth of a second to load.
      const [{ RedisStore }, { createClient }] = await Promise.all([import('connect-redis'), import('redis')])
      const client = createClient({ url })
      await client.connect()
      return stock(new RedisStore({ client, disableTouch: !touch }), async () => client.destroy())
    }
  }
}

/** Puts sessions there as the store itself writes them. */
export async function fill(store: Store, sessions: Iterable<readonly [string, SessionData]>): Promise<void> {
  const rest = sessions[Symbol.iterator]()
  const one = async () => {
    for (let next = rest.next(); !next.done; next = rest.next()) {
      const [sid, data] = next.value
      await new Promise<void>((resolve, reject) => store.set(sid, data, (error) => (error ? reject(error) : resolve())))
    }
  }
  await Promise.all(Array.from({ length: 16 }, one))
}

/** Ten connections, pg's default and ours, that stay open while it is another's turn. */
function openPool(connectionString: string): pg.Pool {
  return new pg.Pool({ connectionString, max: 10, idleTimeoutMillis: 0 })
}

function stock(store: Store, close: () => Promise<void>): Sessions {
  const settings = { resave: false, saveUninitialized: false } as const
  const cookie = { maxAge, sameSite: 'lax' } as const
  return { middleware: expressSession({ store, secret, name: cookieName, cookie, ...settings }), store, close }
}

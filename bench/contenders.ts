import connectPgSimple from 'connect-pg-simple'
import type { RequestHandler } from 'express'
import expressSession, { type SessionData, Store } from 'express-session'
import pg from 'pg'
import { createSessions } from '../src/sessions/sessions.ts'
import { COOKIE_NAME, MAX_AGE_MS, SECRET } from './session-data.ts'

export type StoreKind = 'none' | 'no-op' | 'roundhouse' | 'connect-pg-simple' | 'connect-redis'

export interface Contender {
  readonly name: string
  /** For people. */
  readonly label: string
  readonly kind: StoreKind
  /** Moves the expiry at each request, as the store is shipped. */
  readonly touch: boolean
}

/** What a user would pick, and the two ends of the scale. */
export const CONTENDERS: readonly Contender[] = [
  { name: 'no-session', label: 'no session', kind: 'none', touch: false },
  { name: 'no-op-store', label: 'express-session, a store that costs nothing', kind: 'no-op', touch: true },
  { name: 'roundhouse', label: 'Roundhouse', kind: 'roundhouse', touch: true },
  { name: 'connect-redis-untouched', label: 'connect-redis, disableTouch', kind: 'connect-redis', touch: false },
  { name: 'connect-redis', label: 'connect-redis', kind: 'connect-redis', touch: true },
  {
    name: 'connect-pg-simple-untouched',
    label: 'connect-pg-simple, disableTouch',
    kind: 'connect-pg-simple',
    touch: false,
  },
  { name: 'connect-pg-simple', label: 'connect-pg-simple', kind: 'connect-pg-simple', touch: true },
]

export function contenderNamed(name: string): Contender {
  const found = CONTENDERS.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`There is no contender ${name}`)
  return found
}

/** The part in which contenders differ. */
export interface SessionLayer {
  readonly middleware: RequestHandler | undefined
  readonly store: Store | undefined
  close(): Promise<void>
}

/** As the README of each recommends. `url` is the address of the database or of Redis, else ''. */
export async function openSessionLayer({ kind, touch }: Contender, url: string): Promise<SessionLayer> {
  switch (kind) {
    case 'none':
      return { middleware: undefined, store: undefined, close: async () => undefined }
    case 'no-op':
      return overExpressSession(new NoOpStore(), async () => undefined)
    case 'roundhouse': {
      const pool = openPool(url)
      const cookie = { maxAge: MAX_AGE_MS }
      const { middleware, store } = createSessions({ pool, secret: SECRET, name: COOKIE_NAME, cookie })
      return { middleware: middleware(), store, close: () => pool.end() }
    }
    case 'connect-pg-simple': {
      const pool = openPool(url)
      const options = { pool, tableName: 'session', createTableIfMissing: false, pruneSessionInterval: false } as const
      const store = new (connectPgSimple(expressSession))({ ...options, disableTouch: !touch })
      return overExpressSession(store, () => pool.end())
    }
    case 'connect-redis': {
      // Only where it is used: it takes a tenth of a second to load.
      const [{ RedisStore }, { createClient }] = await Promise.all([import('connect-redis'), import('redis')])
      const client = createClient({ url })
      await client.connect()
      return overExpressSession(new RedisStore({ client, disableTouch: !touch }), async () => client.destroy())
    }
  }
}

/** Stores the sessions in the format of the store itself. */
export async function fillStore(store: Store, sessions: Iterable<readonly [string, SessionData]>): Promise<void> {
  const remaining = sessions[Symbol.iterator]()
  const fill = async () => {
    for (let next = remaining.next(); !next.done; next = remaining.next()) {
      const [sid, data] = next.value
      await promised((callback) => store.set(sid, data, callback))
    }
  }
  await Promise.all(Array.from({ length: 16 }, fill))
}

/** Waits for a function with a callback. */
export function promised(call: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())))
}

/**
 * Ten connections, the default of pg and of Roundhouse, which stay open while another contender is
 * measured.
 */
function openPool(connectionString: string): pg.Pool {
  return new pg.Pool({ connectionString, max: 10, idleTimeoutMillis: 0 })
}

function overExpressSession(store: Store, close: () => Promise<void>): SessionLayer {
  const cookie = { maxAge: MAX_AGE_MS, sameSite: 'lax' } as const
  const options = { secret: SECRET, name: COOKIE_NAME, resave: false, saveUninitialized: false }
  return { middleware: expressSession({ store, cookie, ...options }), store, close }
}

/**
 * The least that a store can cost: JSON in memory, parsed because express-session wants an object
 * of its own.
 */
class NoOpStore extends Store {
  readonly #sessions = new Map<string, string>()

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    const json = this.#sessions.get(sid)
    callback(null, json === undefined ? null : JSON.parse(json))
  }

  override set(sid: string, session: SessionData, callback?: (error?: unknown) => void): void {
    this.#sessions.set(sid, JSON.stringify(session))
    callback?.()
  }

  override touch(_sid: string, _session: SessionData, callback?: () => void): void {
    callback?.()
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    this.#sessions.delete(sid)
    callback?.()
  }
}

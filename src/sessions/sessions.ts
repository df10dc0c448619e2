import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import pg from 'pg'
import { checkOptions } from './check-options.ts'
import { type AccountSessions, createAccountSessions } from './operations/accounts.ts'
import { type Maintenance, startMaintenance } from './operations/maintenance.ts'
import { type MigrateSessionsOptions, migrateSessions } from './operations/migrate.ts'
import type { SessionsOptions } from './options.ts'
import { type CookieAttributes, cookieAttributes } from './request/cookie-attributes.ts'
import { sessionGenerator } from './request/generate.ts'
import { createMiddleware } from './request/middleware.ts'
import { PostgresSessionStore } from './request/session-store.ts'
import { cookiesToClear } from './request/stale-cookies.ts'
import { HashedIdTable } from './storage/hashed-ids.ts'
import { MemoryTable } from './storage/memory-table.ts'
import { PostgresTable } from './storage/postgres-table.ts'

export interface Sessions extends RequestHandler, AccountSessions {
  /** For each request that needs a session. `activity: false` does not touch it. */
  readonly middleware: (route?: { readonly activity?: boolean | undefined }) => RequestHandler
  readonly store: PostgresSessionStore
  /**
   * Creates or completes the tables, and returns the names of the steps that ran. It only adds. Not
   * through a pooler in transaction mode. Nothing to do for `memory` and `store`.
   */
  readonly migrate: (options?: Pick<MigrateSessionsOptions, 'onProgress'>) => Promise<readonly string[]>
  /** Ends the removal of expired sessions, and a pool of its own. */
  readonly close: () => Promise<void>
}

/**
 * Sessions of an Express application that runs as many identical replicas: a handler in the place
 * of express-session's. Throws TypeError for an option that it cannot honour.
 */
export function createSessions(options: SessionsOptions): Sessions {
  checkOptions(options)
  const { name = 'connect.sid', previousName, secret, disableTouch = false, tableName, schemaName } = options
  const attributes = cookieAttributes(options.cookie ?? {}, name, options.proxy)
  const pool = openPool(options)
  const store = options.store ?? createStore(options, attributes, pool)
  store.generate = sessionGenerator(attributes, options.genid)
  const migrate: Sessions['migrate'] = async ({ onProgress } = {}) =>
    pool === undefined ? [] : await migrateSessions({ pool, tableName, schemaName, ...(onProgress && { onProgress }) })
  const handler = createMiddleware({
    store,
    secrets: typeof secret === 'string' ? [secret] : [...secret],
    name,
    previousName,
    attributes,
    staleCookies: cookiesToClear(options.clearCookies ?? [], { name, previousName, secure: attributes.isAlwaysSecure }),
    rolling: options.rolling ?? false,
    saveUninitialized: options.saveUninitialized ?? false,
    unset: options.unset ?? 'keep',
    beforeFirst: options.createTableIfMissing ? migrate : undefined,
    onCommitError: options.onCommitError ?? respondWithPlainText,
    onCookieWithheld: options.onCookieWithheld ?? (() => {}),
  })
  const middleware: Sessions['middleware'] = ({ activity = true } = {}) => handler(activity && !disableTouch)
  const maintenance = maintain(options, store)
  const close = async () => {
    await maintenance?.stop()
    if (pool !== undefined && pool !== options.pool && !pool.ending) await pool.end()
  }
  const accountSessions = createAccountSessions({
    store,
    absoluteMaxAge: absoluteMaxAgeOf(options, attributes),
    browserSessionMs: browserSessionMsOf(options),
    describe: options.describe,
  })
  return Object.assign(middleware(), { middleware, store, migrate, close, ...accountSessions })
}

const DAY = 86_400_000

const log = (...texts: unknown[]) => console.error(...texts)

function maintain(options: SessionsOptions, store: PostgresSessionStore): Maintenance | undefined {
  const { pruneSessionInterval: seconds = 900, errorLog = log } = options
  if (seconds === false || options.store !== undefined) return undefined
  const onError = (error: Error) => errorLog('sessions: expired ones could not be removed:', error.message)
  return startMaintenance({ store, intervalMs: seconds * 1000, onError })
}

function createStore(
  options: SessionsOptions,
  attributes: CookieAttributes,
  pool: pg.Pool | undefined,
): PostgresSessionStore {
  const { maxBytes, accountIdOf, onQuery = () => {}, hashIds, maxSessionsPerAccount, tableName, schemaName } = options
  const table = pool === undefined ? new MemoryTable() : new PostgresTable(pool, onQuery, { tableName, schemaName })
  return new PostgresSessionStore({
    table: hashIds ? new HashedIdTable(table) : table,
    attributes,
    absoluteMaxAge: absoluteMaxAgeOf(options, attributes),
    browserSessionMs: browserSessionMsOf(options),
    maxBytes,
    accountIdOf,
    maxSessionsPerAccount,
    onQuery,
  })
}

function absoluteMaxAgeOf({ absoluteMaxAge }: SessionsOptions, { maxAge = 0 }: CookieAttributes): number {
  return absoluteMaxAge ?? Math.max(90 * DAY, maxAge)
}

function browserSessionMsOf({ ttl }: SessionsOptions): number {
  return ttl === undefined ? DAY : ttl * 1000
}

/** Undefined where the sessions are in memory, or in the store of others. */
function openPool({ pool, conString, conObject, store, errorLog = log }: SessionsOptions): pg.Pool | undefined {
  if (pool === 'memory' || store !== undefined) return undefined
  const opened = (pool ??
    new pg.Pool({ allowExitOnIdle: true, ...(conObject ?? { connectionString: conString }) })) as pg.Pool
  // Without a listener an error of an idle connection ends the process.
  if (opened.listenerCount('error') === 0)
    opened.on('error', (error) => errorLog('sessions: a connection failed:', error.message))
  return opened
}

function respondWithPlainText(_req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const { status = 500, message, retryAfter } = error as { status?: number; message: string; retryAfter?: number }
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter))
  res.statusCode = status
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.end(status === 500 ? 'Internal Server Error' : message)
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import pg from 'pg'
import { checkOptions } from './check-options.ts'
import { createRevoker, type Revoker } from './operations/revoke.ts'
import type { SessionsOptions } from './options.ts'
import { type CookieAttributes, cookieAttributes } from './request/cookie-attributes.ts'
import { sessionGenerator } from './request/generate.ts'
import { createMiddleware } from './request/middleware.ts'
import { PostgresSessionStore } from './request/session-store.ts'
import { cookiesToClear } from './request/stale-cookies.ts'
import { MemoryTable } from './storage/memory-table.ts'
import { PostgresTable } from './storage/postgres-table.ts'

export interface Sessions extends RequestHandler {
  /** For each request that needs a session. `activity: false` does not touch it. */
  readonly middleware: (route?: { readonly activity?: boolean | undefined }) => RequestHandler
  readonly store: PostgresSessionStore
  readonly revoker: Revoker
}

/**
 * Sessions of an Express application that runs as many identical replicas: a handler in the place
 * of express-session's. Throws TypeError for an option that it cannot honour.
 */
export function createSessions(options: SessionsOptions): Sessions {
  checkOptions(options)
  const { name = 'connect.sid', previousName, secret, disableTouch = false } = options
  const attributes = cookieAttributes(options.cookie ?? {}, name, options.proxy)
  const store = options.store ?? createStore(options, attributes)
  store.generate = sessionGenerator(attributes, options.genid)
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
    onCommitError: options.onCommitError ?? respondWithPlainText,
    onCookieWithheld: options.onCookieWithheld ?? (() => {}),
  })
  const middleware: Sessions['middleware'] = ({ activity = true } = {}) => handler(activity && !disableTouch)
  return Object.assign(middleware(), { middleware, store, revoker: createRevoker(store) })
}

const DAY = 86_400_000

function createStore(options: SessionsOptions, attributes: CookieAttributes): PostgresSessionStore {
  const { maxBytes, accountIdOf, onQuery = () => {}, ttl, tableName, schemaName } = options
  const pool = options.pool === 'memory' ? undefined : openPool(options)
  return new PostgresSessionStore({
    table: pool === undefined ? new MemoryTable() : new PostgresTable(pool, onQuery, { tableName, schemaName }),
    attributes,
    absoluteMaxAge: options.absoluteMaxAge ?? Math.max(90 * DAY, attributes.maxAge ?? 0),
    browserSessionMs: ttl === undefined ? undefined : ttl * 1000,
    maxBytes,
    accountIdOf,
    onQuery,
  })
}

function openPool({ pool, conString, conObject, errorLog = console.error }: SessionsOptions): pg.Pool {
  const opened = (pool ??
    new pg.Pool({ allowExitOnIdle: true, ...(conObject ?? { connectionString: conString }) })) as pg.Pool
  // Without a listener an error of an idle connection ends the process.
  if (opened.listenerCount('error') === 0) opened.on('error', (error) => errorLog('session store:', error.message))
  return opened
}

function respondWithPlainText(_req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const { status = 500, message, retryAfter } = error as { status?: number; message: string; retryAfter?: number }
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter))
  res.statusCode = status
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.end(status === 500 ? 'Internal Server Error' : message)
}

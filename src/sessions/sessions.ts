import { randomBytes } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import type { CookieOptions } from 'express-session'
import type { Pool } from 'pg'
import { createRevoker, type Revoker } from './operations/revoke.ts'
import { createMiddleware } from './request/middleware.ts'
import { newCookie, newSession } from './request/session-object.ts'
import { PostgresSessionStore, type StoreOptions } from './request/session-store.ts'
import { cookiesToClear, type StaleCookie } from './request/stale-cookies.ts'
import { MemoryTable } from './storage/memory-table.ts'
import type { OnQuery } from './storage/query-runner.ts'

export interface SessionsOptions {
  /** Postgres, with the tables that this folder's migrations make; `memory` keeps sessions in this process alone. */
  readonly pool: Pool | 'memory'
  /** One or several: the first signs, all verify. */
  readonly secret: string | readonly string[]
  readonly cookie?: {
    /** Default: `sid`, or `__Host-sid` where the cookie is secure. */
    readonly name?: string | undefined
    /** A name that is still read, and replaced at the next answer. */
    readonly previousName?: string | undefined
    /**
     * Cookies that an earlier application set with a Domain or another Path, ten at most; default: none. Each is cleared with the answers that set or clear
     * the session's cookie, where the request came with a cookie of its name, or with the session's where its path is not `/`. `createSessions` throws TypeError where an entry is none, or names the session's own cookie.
     */
    readonly clear?: readonly StaleCookie[]
    /** Sent over HTTPS only. */
    readonly secure?: boolean
  }
  /** Milliseconds without activity after which a session ends, at most ten years; default 30 days. `createSessions` throws RangeError outside of that. */
  readonly maxAge?: number
  /** Milliseconds after which it ends at the latest, at most ten years; default 90 days. */
  readonly absoluteMaxAge?: number
  /** Bytes of JSON that a session may hold; default 100,000. */
  readonly maxBytes?: number
  /** Whose session it is; default: its `account`. */
  readonly accountIdOf?: StoreOptions['accountIdOf']
  readonly onQuery?: OnQuery
  /** Answers a request whose session could not be committed; default: the status and the error's message as plain text. */
  readonly onCommitError?: (req: Request, res: Response, error: unknown) => void
  /** Called where a session's cookie is not sent, because it is for HTTPS only and the request came over plain HTTP; default: nobody is told. */
  readonly onCookieWithheld?: (req: Request) => void
}

export interface Sessions {
  /** For each request that needs a session; one that does not count as activity moves no expiry. */
  readonly middleware: (route?: { readonly activity?: boolean | undefined }) => RequestHandler
  readonly store: PostgresSessionStore
  readonly revoker: Revoker
}

const DAY = 86_400_000

/** Sessions of an Express application that runs as many identical replicas. */
export function createSessions(options: SessionsOptions): Sessions {
  const { pool, secret, maxAge = 30 * DAY, cookie = {} } = options
  const { secure = false, previousName } = cookie
  const name = cookie.name ?? (secure ? '__Host-sid' : 'sid')
  const secrets = typeof secret === 'string' ? [secret] : [...secret]
  const attributes: CookieOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure }
  const store = new PostgresSessionStore({
    ...definedOptions(options),
    cookie: attributes,
    maxAge,
    ...(pool === 'memory' ? { table: new MemoryTable() } : { pool }),
  })
  store.generate = generator({ ...attributes, maxAge })
  const clear = cookiesToClear(cookie.clear ?? [], { name, previousName, secure })
  const { onCommitError = respondWithPlainText, onCookieWithheld = () => {} } = options
  return {
    middleware: createMiddleware({
      store,
      secrets,
      name,
      previousName,
      staleCookies: clear,
      secure,
      onCommitError,
      onCookieWithheld,
    }),
    store,
    revoker: createRevoker(store),
  }
}

function generator(settings: CookieOptions): PostgresSessionStore['generate'] {
  return function generate(req) {
    // 192 bits, as many as express-session's own; OWASP asks for 64.
    req.sessionID = randomBytes(24).toString('base64url')
    req.session = newSession(req)
    req.session.cookie = newCookie(settings)
  }
}

function definedOptions({ absoluteMaxAge, maxBytes, accountIdOf, onQuery }: SessionsOptions): Partial<StoreOptions> {
  const named = { absoluteMaxAge, maxBytes, accountIdOf, onQuery }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

function respondWithPlainText(_req: Request, res: Response, error: unknown): void {
  const { status = 500, message, retryAfter } = error as { status?: number; message: string; retryAfter?: number }
  if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter))
  res
    .status(status)
    .type('text')
    .send(status === 500 ? 'Internal Server Error' : message)
}

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
  /** On a database with the tables of `migrations/`. `memory`: in this process alone. */
  readonly pool: Pool | 'memory'
  /** The first signs, all verify. */
  readonly secret: string | readonly string[]
  readonly cookie?: {
    /** Default: `sid`, or `__Host-sid` for a secure cookie. */
    readonly name?: string | undefined
    /** A name that is still read. The next response replaces it by `name`. */
    readonly previousName?: string | undefined
    /**
     * Cookies with a Domain or another Path to clear, ten at most (else TypeError). Default: none.
     */
    readonly clear?: readonly StaleCookie[]
    /** Sent over HTTPS only. */
    readonly secure?: boolean
  }
  /** Milliseconds without activity, ten years at most (else RangeError). Default 30 days. */
  readonly maxAge?: number
  /** Milliseconds whatever the activity, with the same limit. Default 90 days. */
  readonly absoluteMaxAge?: number
  /** Bytes of JSON that a session may hold. Default 100,000. */
  readonly maxBytes?: number
  /** The account that a session belongs to, for `revokeAllExcept`. Default: its `account`. */
  readonly accountIdOf?: StoreOptions['accountIdOf']
  readonly onQuery?: OnQuery
  /** Responds where a commit failed. Default: status and message as plain text. */
  readonly onCommitError?: (req: Request, res: Response, error: unknown) => void
  /** Called for a secure cookie that is not sent, because the request came over plain HTTP. */
  readonly onCookieWithheld?: (req: Request) => void
}

export interface Sessions {
  /** For each request that needs a session. `activity: false` does not touch it. */
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
    // 192 bits, as express-session. OWASP asks for 64.
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

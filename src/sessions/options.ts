import type { Request, Response } from 'express'
import type { Pool, PoolConfig } from 'pg'
import type { PostgresSessionStore } from './request/session-store.ts'
import type { StaleCookie } from './request/stale-cookies.ts'
import type { OnQuery } from './storage/query-runner.ts'
import type { TableName } from './storage/table-name.ts'
import type { JsonObject } from './tracking/diff.ts'

/** express-session's options of the cookie. */
export interface CookieSettings {
  /** Default: none, so that only the host that set the cookie gets it. */
  readonly domain?: string | undefined
  /** Default `/`. Requests outside this path have no session. */
  readonly path?: string | undefined
  /** Default true. */
  readonly httpOnly?: boolean | undefined
  /** Default `lax`. `auto`: `none` over HTTPS, else `lax`. */
  readonly sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto' | undefined
  /** Default false. `auto`: as the request came. */
  readonly secure?: boolean | 'auto' | undefined
  /** Milliseconds, ten years at most. Default null: until the browser closes. */
  readonly maxAge?: number | null | undefined
  /** A fixed date. `maxAge` is better: it begins with the session. */
  readonly expires?: Date | false | null | undefined
  readonly partitioned?: boolean | undefined
  readonly priority?: 'low' | 'medium' | 'high' | undefined
  /** What `decodeURIComponent` decodes. Default `encodeURIComponent`. */
  readonly encode?: ((value: string) => string) | undefined
}

export interface SessionsOptions extends TableName {
  /** The first signs, all verify. */
  readonly secret: string | readonly string[]

  /** On a database with the tables of `migrations/`. `memory`: in this process alone. */
  readonly pool?: Pool | 'memory' | undefined
  /** In place of `pool`: a URL of Postgres, or the settings of a pool. */
  readonly conString?: string | undefined
  readonly conObject?: PoolConfig | undefined
  /** In place of `pool`: the store of other sessions, with all its settings. */
  readonly store?: PostgresSessionStore | undefined

  /** Of the cookie. Default `connect.sid`. */
  readonly name?: string | undefined
  /** A name that is still read. The next response replaces it by `name`. */
  readonly previousName?: string | undefined
  /** Cookies with a Domain or another Path to clear, ten at most (else TypeError). */
  readonly clearCookies?: readonly StaleCookie[] | undefined
  readonly cookie?: CookieSettings | ((req: Request) => CookieSettings) | undefined
  /** The id of a new session: 1 to 255 visible ASCII characters. Default: 192 random bits. */
  readonly genid?: ((req: Request) => string) | undefined
  /** Whether `X-Forwarded-Proto` says that a request came over HTTPS. Default: Express' setting. */
  readonly proxy?: boolean | undefined
  /** Only false: an unchanged session is not written, because that would undo other requests. */
  readonly resave?: false | undefined
  /** Whether each response sets the cookie. Default false: when the expiry moves. */
  readonly rolling?: boolean | undefined
  /** Whether a visitor without data gets a row and a cookie. Default false. */
  readonly saveUninitialized?: boolean | undefined
  /** What `req.session = null` does: ends the session on all replicas, or (default) nothing. */
  readonly unset?: 'destroy' | 'keep' | undefined

  /** Seconds that a session whose cookie has no maxAge lives without activity. Default a day. */
  readonly ttl?: number | undefined
  /** Whether only changes, and not requests, prolong a session. Default false. */
  readonly disableTouch?: boolean | undefined
  /** Milliseconds whatever the activity. Default 90 days, or `cookie.maxAge` if longer. */
  readonly absoluteMaxAge?: number | undefined
  /** Bytes of JSON that a session may hold. Default 100,000. */
  readonly maxBytes?: number | undefined
  /** The account that a session belongs to. Default: its `account`. */
  readonly accountIdOf?: ((session: JsonObject) => unknown) | undefined
  /** Whether rows hold hashes of ids. connect-pg-simple cannot use them. Default false. */
  readonly hashIds?: boolean | undefined
  /** So many live sessions an account may have: a sign-in ends the oldest. Default: any number. */
  readonly maxSessionsPerAccount?: number | undefined
  /** What `sessionsOf` shows of a session, such as its device. Default: nothing. */
  readonly describe?: ((session: JsonObject) => unknown) | undefined
  readonly onQuery?: OnQuery | undefined
  /** Responds where a commit failed. Default: status and message as plain text. */
  readonly onCommitError?: ((req: Request, res: Response, error: unknown) => void) | undefined
  /** Called for a secure cookie that is not sent, because the request came over plain HTTP. */
  readonly onCookieWithheld?: ((req: Request) => void) | undefined
  /** Whether the first request creates or completes the tables. Default false: run `migrate()`. */
  readonly createTableIfMissing?: boolean | undefined
  /** Seconds between two removals of expired sessions. Default 900; false: never. */
  readonly pruneSessionInterval?: number | false | undefined
  /** Called for errors of idle connections and of the removal. Default `console.error`. */
  readonly errorLog?: ((...args: unknown[]) => void) | undefined
}

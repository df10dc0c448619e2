import type { ErrorRequestHandler } from 'express'
import type { Pool } from './database/pool.ts'
import type { Log } from './runtime/log.ts'
import type { Metrics } from './runtime/metrics.ts'
import type { ServerOptions } from './server-options.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'

export interface ServerSessionsOptions {
  readonly options: ServerOptions
  readonly pool: Pool
  readonly log: Log
  readonly metrics: Metrics
  readonly errorHandler: ErrorRequestHandler
}

/** Connects the sessions module to this server's log, metrics and error handler. */
export function createServerSessions({ options, pool, log, metrics, errorHandler }: ServerSessionsOptions): Sessions {
  const inMemory = options.sessionStore === 'memory'
  if (inMemory)
    log.warn('sessions are kept in the memory of this process', {
      consequence: 'they end with it, and no other replica has them',
    })
  const { name, previousName, clear, secure } = options.cookie
  return createSessions({
    pool: inMemory ? 'memory' : pool,
    secret: options.secrets,
    name,
    previousName,
    clearCookies: clear,
    cookie: { secure, maxAge: options.sessionMaxAgeMs },
    absoluteMaxAge: options.sessionAbsoluteMaxAgeMs,
    // A job of the server does it.
    pruneSessionInterval: false,
    onQuery(operation, outcome, seconds, error) {
      metrics.storeQueried(operation, outcome, seconds)
      if (error !== undefined) log.warn('session store failed', { operation, error })
    },
    onCommitError(req, res, error) {
      // It is unknown whether the user is still signed in.
      res.locals.user = undefined
      errorHandler(error, req, res, () => {})
    },
    onCookieWithheld: once(() =>
      log.warn('cookie withheld', {
        reason:
          'it is for HTTPS only, and the request came over plain HTTP: without the cookie the next request has no session',
        remedy: 'use HTTPS in front and set TRUST_PROXY to the number of proxies; for a trial set COOKIE_SECURE=false',
      }),
    ),
  })
}

/** Once, else each request would add a line. */
function once(work: () => void): () => void {
  let called = false
  return () => {
    if (!called) work()
    called = true
  }
}

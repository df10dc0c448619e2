import { ServerResponse } from 'node:http'
import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { StoreUnavailable } from '../errors.ts'
import { DEADLINE_MS } from '../storage/deadline.ts'
import { warnOnce } from '../warn-once.ts'
import { commitSession } from './commit.ts'
import { deferResponse, deferredResponseOf } from './deferred-response.ts'
import { type Lookup, type LookupOptions, lookUpSession } from './lookup.ts'
import { createSignatures } from './session-cookie.ts'
import { type SetCookieOptions, setCookie } from './set-cookie.ts'

export interface MiddlewareOptions extends Omit<LookupOptions, 'signatures'>, Omit<SetCookieOptions, 'signatures'> {
  readonly secrets: readonly string[]
  readonly rolling: boolean
  readonly saveUninitialized: boolean
  readonly unset: 'destroy' | 'keep'
  /** Runs before the first request, and again after it failed. */
  readonly beforeFirst: (() => Promise<unknown>) | undefined
  readonly onCommitError: (req: Request, res: Response, error: unknown) => void
}

/**
 * Replaces express-session's middleware, which hashes the session up to three times for each
 * request and saves after the response has begun. This one commits before the first byte leaves.
 * Sessions and cookies are express-session's. Without `activity` it touches no session.
 */
export function createMiddleware(settings: MiddlewareOptions): (activity: boolean) => RequestHandler {
  const options = { ...settings, signatures: createSignatures(settings.secrets) }
  const { beforeFirst } = settings
  let ready: Promise<unknown> | undefined
  const isReady = () =>
    (ready ??= beforeFirst?.().catch((error) => {
      ready = undefined
      throw new StoreUnavailable(error)
    }))
  return (activity) => {
    return function sessions(req, res, next) {
      if (hasSession(req, options) || !isInPath(req, options)) return next()
      const startedAt = performance.now()
      const found =
        beforeFirst === undefined
          ? lookUpSession(req, options, startedAt)
          : Promise.resolve(isReady()).then(() => lookUpSession(req, options, performance.now()))
      found.then(
        (lookup) => {
          try {
            hold(req, res, lookup, activity, startedAt)
          } catch (error) {
            return callNext(req, next, error)
          }
          callNext(req, next)
        },
        (error) => callNext(req, next, error),
      )
    }
  }

  function hold(req: Request, res: Response, lookup: Lookup, activity: boolean, startedAt: number): void {
    if (!canHold(res)) return
    const timeoutMs = DEADLINE_MS - (performance.now() - startedAt)
    const deferred = deferResponse(req, res, {
      commit: (self) => commitSession(self, lookup, { ...options, activity, timeoutMs }),
      onHeaders: (self) => setCookie(self, lookup, options),
      onCommitError: (_self, error) => options.onCommitError(req, res, error),
      endedRecently: lookup.endedRecently,
    })
    deferred.shouldSetCookie = options.rolling || (lookup.needsResign && !lookup.endedRecently)
  }
}

/** As express-session: the first of two middlewares counts. */
function hasSession(req: Request, { store, name }: MiddlewareOptions): boolean {
  if (!req.session && deferredResponseOf(req) === undefined) return false
  if ((req.sessionStore as unknown) !== store)
    warnOnce(`two session middlewares serve one request: the one with the cookie ${name} comes second and does nothing`)
  return true
}

/** A browser sends the cookie below its path only. */
function isInPath(req: Request, { attributes }: MiddlewareOptions): boolean {
  const path = attributes.of(req).path ?? '/'
  return path === '/' || (req.originalUrl ?? req.url ?? '/').startsWith(path)
}

/**
 * The answer to a WebSocket's upgrade is no ServerResponse, and what was sent before this
 * middleware cannot be held either. Then the session is read and `save` works, without a cookie.
 */
function canHold(res: Response): boolean {
  if (!(res instanceof ServerResponse)) {
    if ('stream' in (res as object)) throw new TypeError('sessions need HTTP/1.1: put HTTP/2 into the proxy in front')
    return false
  }
  if (!res.headersSent && !res.writableEnded) return true
  warnOnce('the session middleware comes after something that answered: its changes are only saved by session.save()')
  return false
}

/** In a promise, what `next` throws would end the process: Express catches it, others do not. */
function callNext(req: Request, next: NextFunction, error?: unknown): void {
  try {
    if (error === undefined) next()
    else next(error)
  } catch (thrown) {
    process.emitWarning(thrown instanceof Error ? thrown : String(thrown))
    req.socket?.destroy()
  }
}

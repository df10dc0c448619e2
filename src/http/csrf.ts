import type { Request, RequestHandler } from 'express'
import { forbidden } from '../runtime/errors.ts'

export interface RequestOrigin {
  readonly method: string
  readonly secFetchSite: string | undefined
  readonly origin: string | undefined
  /** The Host that the browser sent, as the proxies forward it. */
  readonly host: string | undefined
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * As Go's net/http CrossOriginProtection: safe methods pass, then Sec-Fetch-Site decides, then
 * Origin. A request with neither comes from no browser, so it carries no cookies of a victim.
 */
export function isSameOrigin({ method, secFetchSite, origin, host }: RequestOrigin): boolean {
  if (SAFE.has(method)) return true
  if (secFetchSite !== undefined) return secFetchSite === 'same-origin' || secFetchSite === 'none'
  if (origin === undefined) return true
  return host !== undefined && isHostOf(origin, host)
}

/** Compared in the origin's scheme: `x:443` is `x` for https only (RFC 6454, 4 and 6.2). */
function isHostOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: hostOfOrigin } = new URL(origin)
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === hostOfOrigin
}

/** 403 for a cross-origin request, before the store is read. */
export function csrfProtection(): RequestHandler {
  return function csrfProtection(req, _res, next) {
    if (isSameOrigin(requestOriginOf(req))) next()
    else next(forbidden('This request came from another site.'))
  }
}

function requestOriginOf(req: Request): RequestOrigin {
  return {
    method: req.method,
    secFetchSite: req.get('sec-fetch-site'),
    origin: req.get('origin'),
    host: req.get('host'),
  }
}

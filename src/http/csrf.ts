import type { Request, RequestHandler } from 'express'
import { forbidden } from '../runtime/errors.ts'

export interface RequestOrigin {
  readonly method: string
  readonly secFetchSite: string | undefined
  readonly origin: string | undefined
  /** The host that the person's browser asked for, as the proxies in front forward it. */
  readonly host: string | undefined
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Whether a request may change something here. In the order of Go's net/http CrossOriginProtection: safe methods pass; a browser says where the
 * request comes from in Sec-Fetch-Site; an older one names its Origin; what sends neither is no browser and carries nobody's cookies unasked.
 */
export function isSameOrigin({ method, secFetchSite, origin, host }: RequestOrigin): boolean {
  if (SAFE.has(method)) return true
  if (secFetchSite !== undefined) return secFetchSite === 'same-origin' || secFetchSite === 'none'
  if (origin === undefined) return true
  return host !== undefined && isHostOf(origin, host)
}

/** In the origin's scheme: `x:443` is `x` for https, and another host for http (RFC 6454, 4 and 6.2). */
function isHostOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: hostOfOrigin } = new URL(origin)
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === hostOfOrigin
}

/** Refuses (403) what another site made a browser send, before the store is touched. */
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

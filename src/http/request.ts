import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { withRequestId } from '../runtime/request-context.ts'

/** What a request id from outside may look like; anything else is replaced, so that no log or header carries a stranger's text. */
const PLAIN = /^[\w-]{8,64}$/

export interface Answered {
  readonly method: string
  /** The pattern in the table of addresses, never the address: that has no bound. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface RequestOptions {
  readonly replica: string
  /** Told of each response once it has been sent. */
  readonly answered: (request: Answered) => void
}

/** First of all middleware: gives the request its id, names the replica in the answer, and times it. */
export function identifyRequests({ replica, answered }: RequestOptions): RequestHandler {
  return function identifyRequest(req, res, next) {
    const start = performance.now()
    const given = req.get('x-request-id')
    const id = given !== undefined && PLAIN.test(given) ? given : randomUUID()
    req.id = id
    res.set('X-Request-Id', id)
    res.set('X-Served-By', replica)
    res.once('finish', () =>
      answered({
        method: METHODS.has(req.method) ? req.method : 'other',
        route: routeOf(req),
        status: res.statusCode,
        seconds: (performance.now() - start) / 1000,
      }),
    )
    withRequestId(id, next)
  }
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function routeOf(req: Request): string {
  const path = (req.route as { path?: unknown } | undefined)?.path
  return typeof path === 'string' ? path : 'none'
}

/** Where a client is: from the one header that the edge sets (CLIENT_ADDRESS_HEADER) if there is such, else by the proxies that are trusted. */
export function clientAddresses(header: string | undefined): (req: Request) => string {
  return (req) => {
    const given = header === undefined ? undefined : req.get(header)
    return given !== undefined && isIP(given) !== 0 ? given : (req.ip ?? 'unknown')
  }
}

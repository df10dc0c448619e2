import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { withRequestId } from '../runtime/current-request-id.ts'

/** Any other id is replaced, so that no log or header carries foreign text. */
const VALID_ID = /^[\w-]{8,64}$/

export interface FinishedRequest {
  readonly method: string
  /** The pattern of the route table: paths would have no limit. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface RequestIdOptions {
  readonly replica: string
  /** Called after each response. */
  readonly onFinished: (request: FinishedRequest) => void
}

/** The first middleware: request id, replica's name, time. */
export function assignRequestIds({ replica, onFinished }: RequestIdOptions): RequestHandler {
  return function assignRequestId(req, res, next) {
    const start = performance.now()
    const given = req.get('x-request-id')
    const id = given !== undefined && VALID_ID.test(given) ? given : randomUUID()
    req.id = id
    res.set('X-Request-Id', id)
    res.set('X-Served-By', replica)
    res.once('finish', () =>
      onFinished({
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

/**
 * The client's address: of the edge's header (CLIENT_ADDRESS_HEADER), else of the trusted proxies.
 * For an unreadable address the next proxy's counts, so that no client can invent addresses to
 * escape the limits. `onUnreadable` is called once.
 */
export function clientAddresses(header: string | undefined, onUnreadable: () => void): (req: Request) => string {
  let isReported = false
  return (req) => {
    const given = header === undefined ? undefined : req.get(header)
    const written = [given, ...(req.ips.length > 0 ? req.ips : [req.ip]), req.socket.remoteAddress]
    const candidates = written.filter((address) => address !== undefined)
    const place = candidates.findIndex((address) => readAddress(address) !== undefined)
    if (place !== 0 && !isReported) {
      isReported = true
      onUnreadable()
    }
    return readAddress(candidates[place] ?? '') ?? 'unknown'
  }
}

/** Quoted, with a port (Azure, IIS), in brackets, with a zone, as IPv4 in IPv6. */
function readAddress(written: string): string | undefined {
  const plain = written.trim().replace(/^"(.*)"$/, '$1')
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(plain)?.[1]
  const address = bracketed ?? /^([\d.]+):\d+$/.exec(plain)?.[1] ?? plain
  const [bare = ''] = address.split('%')
  const unmapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1] ?? bare
  return isIP(unmapped) === 0 ? undefined : unmapped
}

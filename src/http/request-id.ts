import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { withRequestId } from '../runtime/current-request-id.ts'

/** What a request id from outside may look like; anything else is replaced, so that no log or header carries a stranger's text. */
const VALID_ID = /^[\w-]{8,64}$/

export interface FinishedRequest {
  readonly method: string
  /** The pattern in the table of addresses, never the address: that has no bound. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface RequestIdOptions {
  readonly replica: string
  /** Told of each response once it has been sent. */
  readonly onFinished: (request: FinishedRequest) => void
}

/** First of all middleware: gives the request its id, names the replica in the answer, and times it. */
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
 * Where a client is: from the one header that the edge sets (CLIENT_ADDRESS_HEADER) if there is such, else by the proxies
 * that are trusted. Of an address that cannot be read `unreadable` is told once; the next proxy's own counts instead, so that
 * a client cannot make up addresses to escape the limits.
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

/** An address as proxies write it: quoted, with a port (Azure and IIS do), in brackets, with a zone, as IPv4 within IPv6. */
function readAddress(written: string): string | undefined {
  const plain = written.trim().replace(/^"(.*)"$/, '$1')
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(plain)?.[1]
  const address = bracketed ?? /^([\d.]+):\d+$/.exec(plain)?.[1] ?? plain
  const [bare = ''] = address.split('%')
  const unmapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1] ?? bare
  return isIP(unmapped) === 0 ? undefined : unmapped
}

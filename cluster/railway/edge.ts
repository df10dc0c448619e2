import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type net from 'node:net'
import { pipeline } from 'node:stream'
import type { Certificate } from './certificate.ts'

// docs.railway.com, "Specs & Limits": idle connections last a minute, headers may have 32 KB, a
// request may take 15 minutes.
const KEEP_ALIVE = 60_000
const HEAD = 32 * 1024
const LONGEST = 900_000

export interface Upstream {
  /** Empty where no container runs. */
  readonly host: string
  readonly port: number
  readonly agent: http.Agent
}

export interface EdgeOptions {
  readonly certificate: Certificate
  /** On 127.0.0.1. */
  readonly port: number
  /** The container for the next request. */
  readonly choose: () => Upstream | undefined
}

export interface Edge {
  readonly url: string
  close(): Promise<void>
}

/** Railway's edge: terminates TLS, forwards over plain HTTP/1.1, and repeats nothing. */
export async function startEdge({ certificate, port, choose }: EdgeOptions): Promise<Edge> {
  const limits = { keepAliveTimeout: KEEP_ALIVE, maxHeaderSize: HEAD, requestTimeout: LONGEST }
  const server = https.createServer({ ...certificate, ...limits }, (request, response) => {
    const upstream = choose()
    if (!upstream?.host) refuse(response)
    else handOn(request, response, upstream)
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Idle connections last as long as on Railway. */
export function upstreamAgent(): http.Agent {
  return new http.Agent({ keepAlive: true, timeout: KEEP_ALIVE })
}

function handOn(request: http.IncomingMessage, response: http.ServerResponse, upstream: Upstream): void {
  const { method = 'GET', url: path = '/' } = request
  const { host, port, agent } = upstream
  const onward = http.request({ host, port, agent, method, path, headers: headersOnward(request) })
  onward.once('error', () => (response.headersSent ? response.destroy() : refuse(response)))
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, headersBack(answer))
    pipeline(answer, response, () => undefined)
  })
  response.once('close', () => response.writableEnded || onward.destroy())
  request.pipe(onward)
}

/**
 * The client's address is in X-Real-IP only. The client's own headers about addresses are removed.
 */
function headersOnward({ headers, socket }: http.IncomingMessage): http.OutgoingHttpHeaders {
  const others = Object.entries(headers).filter(([name]) => !/^(connection|keep-alive|x-forwarded-for)$/.test(name))
  return {
    ...Object.fromEntries(others),
    'x-real-ip': socket.remoteAddress,
    'x-forwarded-proto': 'https',
    'x-forwarded-host': headers.host,
    'x-railway-edge': 'railway/local',
    'x-request-start': String(Date.now()),
  }
}

function headersBack({ rawHeaders }: http.IncomingMessage): string[] {
  const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []))
  return pairs.filter(([name = '']) => !/^(connection|keep-alive|transfer-encoding)$/i.test(name)).flat()
}

function refuse(response: http.ServerResponse): void {
  response.writeHead(502, { 'content-type': 'text/plain' }).end('Application failed to respond')
}

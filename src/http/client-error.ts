import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'

/** By Node's parser error. Any other code is a 400. */
const STATUS: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The head of this request is too large: 16 kB at most.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** Responds to what Node's parser refuses, which never reaches the application. */
export function respondToClientErrors(server: Server, replica: string): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
    const [status, reason, detail] = STATUS[error.code ?? ''] ?? [400, 'Bad Request', 'This request cannot be read.']
    const body = JSON.stringify({ type: 'about:blank', title: reason, status, detail })
    socket.end(
      [
        `HTTP/1.1 ${status} ${reason}`,
        'Content-Type: application/problem+json; charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Cache-Control: no-store',
        `X-Served-By: ${replica}`,
        `X-Request-Id: ${randomUUID()}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    )
  })
}

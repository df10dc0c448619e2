import { once } from 'node:events'
import { io } from 'socket.io-client'
import { WebSocket } from 'ws'

const TIMEOUT_MS = 10_000

/** A connection to the example of WebSockets. */
export interface Connection {
  /** The name of whoever is signed in, as the server sees it now. */
  who(): Promise<string | null>
  close(): void
}

/** Rejects where the server refuses. */
export async function connectSocketIo(
  url: string,
  cookie: string,
  transport: 'polling' | 'websocket',
): Promise<Connection> {
  const options = { transports: [transport], extraHeaders: { cookie }, forceNew: true, reconnection: false }
  const socket = io(url, { ...options, timeout: TIMEOUT_MS })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('connect_error', reject)
  })
  return {
    who: () => socket.timeout(TIMEOUT_MS).emitWithAck('who'),
    close: () => void socket.close(),
  }
}

/** Rejects with the status where the server refuses the upgrade. */
export async function connectWs(url: string, cookie: string | undefined): Promise<Connection> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: cookie === undefined ? {} : { cookie } })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_req, res) => reject(new Error(`status ${res.statusCode}`)))
    socket.once('error', reject)
  })
  return {
    async who() {
      const answer = once(socket, 'message', { signal: AbortSignal.timeout(TIMEOUT_MS) })
      socket.send('who')
      return JSON.parse(String((await answer)[0]))
    },
    close: () => socket.terminate(),
  }
}

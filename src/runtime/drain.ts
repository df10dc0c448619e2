import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import net from 'node:net'
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'

/**
 * Limit for connections that are already in the accept queue. An idle machine needs a millisecond.
 * On a busy one each event-loop turn may bring another connection.
 */
const QUEUE_TIMEOUT_MS = 2000
/**
 * Time in which nginx gets a 502 for a request that it can repeat. It repeats the request, and
 * after three of them (`max_fails`) leaves this replica alone for a second. Otherwise a connection
 * can arrive between the last look at the queue and the close.
 */
const HANDOVER_MS = 300
/** Set by a proxy that repeats a 502. Other clients would see the 502. */
const REPEATS = 'x-repeats-502'
/** Event-loop turns without a new connection after which the queue counts as empty. */
const QUIET_TURNS = 3

export interface Drain {
  /** Hands repeatable requests over to another replica during the drain. */
  readonly middleware: (req: IncomingMessage, res: ServerResponse, next: () => void) => void
  /** Tracks the connections. Call it before `listen`. */
  attach(server: Server): void
  /** Call it when the replica is unready. Returns how many connections were cut at the timeout. */
  run(): Promise<number>
}

export interface DrainOptions {
  /** Time to serve as usual, until every proxy has seen that the replica is unready. */
  readonly delayMs: number
  /** Counted from the end of the delay. */
  readonly timeoutMs: number
}

/**
 * Node's `server.close()` resets the accept queue and cuts idle connections on which a request may
 * be arriving. `Connection: close` while the listener is open makes nginx reconnect into that
 * queue.
 */
export function createDrain({ delayMs, timeoutMs }: DrainOptions): Drain {
  const sockets = new Set<net.Socket>()
  const responses = new Set<ServerResponse>()
  let accepted = 0
  let holding = false
  let leaving = false
  let handingOver = false
  let listener: net.Server | undefined

  function attach(server: Server): void {
    listener = server
    server.on('connection', (socket) => {
      accepted++
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // Deferred: the HTTP server has just resumed the socket in its next tick.
      if (holding) process.nextTick(() => holding && socket.pause())
    })
    server.prependListener('request', (_req: IncomingMessage, res: ServerResponse) => {
      responses.add(res)
      res.once('close', () => responses.delete(res))
      if (leaving) endConnectionWith(res)
    })
  }

  async function emptyAcceptQueue(): Promise<void> {
    const end = Date.now() + QUEUE_TIMEOUT_MS
    for (let quiet = 0, lastAccepted = accepted; quiet < QUIET_TURNS && Date.now() < end; lastAccepted = accepted) {
      await nextTurn()
      quiet = accepted === lastAccepted ? quiet + 1 : 0
    }
  }

  return {
    attach,
    middleware(req, res, next) {
      if (handingOver && isRepeated(req)) res.writeHead(502, { 'Cache-Control': 'no-store' }).end()
      else next()
    },
    async run() {
      await wait(delayMs)
      handingOver = true
      await wait(HANDOVER_MS)
      holding = true
      for (const socket of sockets) socket.pause()
      await emptyAcceptQueue()
      const closed = new Promise<void>((resolve) => {
        // Closes the listener alone: http.Server's close() cuts idle connections.
        net.Server.prototype.close.call(listener, () => resolve())
      })
      leaving = true
      holding = false
      for (const response of responses) endConnectionWith(response)
      for (const socket of sockets) socket.resume()
      const timedOut = wait(timeoutMs, undefined, { ref: false }).then(() => sockets.size)
      const cut = await Promise.race([closed.then(() => 0), timedOut])
      for (const socket of sockets) socket.destroy()
      return cut
    },
  }
}

function endConnectionWith(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

function isRepeated({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers[REPEATS] !== undefined
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import net from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'

/**
 * Limit for connections that are already in the accept queue. An idle machine needs a millisecond.
 * On a busy one each event-loop turn may bring another connection.
 */
const QUEUE_LIMIT = 2000
/**
 * So long nginx is told to stop: it repeats a GET that gets a 502, and after three of them
 * (`max_fails`) leaves this replica alone for a second. Otherwise a connection can arrive between
 * the last look at the queue and the close.
 */
const HANDOVER = 300
/** Set by a proxy that repeats a 502. Other clients would see the 502. */
const REPEATS = 'x-repeats-502'
/** So many turns without a new connection mean that the queue is empty. */
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
  /** So long it answers as always, until every proxy knows that it is unready. */
  readonly delayMs: number
  /** From the end of the delay. */
  readonly timeoutMs: number
}

/**
 * Node's `server.close()` resets the accept queue and cuts idle connections on which a request may
 * be arriving. `Connection: close` while the listener is open makes nginx reconnect into that
 * queue.
 */
export function createDrain({ delayMs, timeoutMs }: DrainOptions): Drain {
  const sockets = new Set<net.Socket>()
  const answers = new Set<ServerResponse>()
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
      answers.add(res)
      res.once('close', () => answers.delete(res))
      if (leaving) endConnectionWith(res)
    })
  }

  async function emptyAcceptQueue(): Promise<void> {
    const end = Date.now() + QUEUE_LIMIT
    for (let quiet = 0, lastAccepted = accepted; quiet < QUIET_TURNS && Date.now() < end; lastAccepted = accepted) {
      await turn()
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
      await wait(HANDOVER)
      holding = true
      for (const socket of sockets) socket.pause()
      await emptyAcceptQueue()
      const closed = new Promise<void>((resolve) => {
        // Closes the listener alone: http.Server's close() cuts idle connections.
        net.Server.prototype.close.call(listener, () => resolve())
      })
      leaving = true
      holding = false
      for (const answer of answers) endConnectionWith(answer)
      for (const socket of sockets) socket.resume()
      const timedOut = wait(timeoutMs, undefined, { ref: false }).then(() => sockets.size)
      const cut = await Promise.race([closed.then(() => 0), timedOut])
      for (const socket of sockets) socket.destroy()
      return cut
    },
  }
}

function endConnectionWith(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('Connection', 'close')
}

function isRepeated({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers[REPEATS] !== undefined
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import net from 'node:net'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'

/**
 * At most this long for connections that were already opened when the drain began. A client that is held brings no other, so where the machine
 * is quiet this takes a millisecond; on a starved one each turn of the event loop may bring a connection.
 */
const QUEUE_LIMIT = 2000
/**
 * Milliseconds in which nginx is told to stop sending: it repeats a GET that is answered 502 on another replica, and after three of them (`max_fails`)
 * leaves this one alone for a second. Without that a connection can still come between the last look at the queue and its end.
 */
const HANDOVER = 300
/** Set by a proxy that repeats a 502: anybody else would be shown it. */
const REPEATS = 'x-repeats-502'
/** Turns that brought nobody, before the queue is taken to be empty. */
const QUIET_TURNS = 3

export interface Drain {
  /** First of all middleware: while the replica leaves, hands what can be repeated over to another one. */
  readonly middleware: (req: IncomingMessage, res: ServerResponse, next: () => void) => void
  /** Watches the server's connections; before it listens. */
  attach(server: Server): void
  /**
   * Stops taking connections and waits for those that are there: readiness is the caller's to withdraw first.
   * Resolves with the connections that were cut at the limit, 0 where all had left by themselves.
   */
  run(): Promise<number>
}

export interface DrainOptions {
  /** Milliseconds in which it goes on answering as always, for whoever learns late. */
  readonly delayMs: number
  /** Milliseconds from the end of the delay until what is left is cut. */
  readonly timeoutMs: number
}

/**
 * Prepares a server so that it can leave without losing a request. Node's own `server.close()` resets what waits in the accept queue and cuts
 * idle connections on which a request may be on its way; `Connection: close` while the listener is open makes nginx reconnect into that queue.
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
      // Not at once: the HTTP server has just asked for data, and what it put into the next tick would undo the pause.
      if (holding) process.nextTick(() => holding && socket.pause())
    })
    // Before the application's own listener, so that no header has been written.
    server.prependListener('request', (_req: IncomingMessage, res: ServerResponse) => {
      answers.add(res)
      res.once('close', () => answers.delete(res))
      if (leaving) endConnectionWith(res)
    })
  }

  async function emptyAcceptQueue(): Promise<void> {
    const end = Date.now() + QUEUE_LIMIT
    for (let quiet = 0, seen = accepted; quiet < QUIET_TURNS && Date.now() < end; seen = accepted) {
      await turn()
      quiet = accepted === seen ? quiet + 1 : 0
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
        // The listener alone: http.Server's own close() would cut idle connections.
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

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Node's own mark that the head was sent: `headersSent` and every method that changes headers read it. */
type Marked = ServerResponse & { _header: string | null }

/** A response whose first answer waits for the commit of its session. */
export interface SentMark {
  /** From here on the response looks ended, as after `end`. */
  end(): void
  /** The response is again as it was at its first answer. */
  release(): void
}

/**
 * Makes a response look sent, as it is in Node after its first answer: `headersSent` is true, changing a header throws
 * ERR_HTTP_HEADERS_SENT, another status changes nothing. Without this a second answer, or an error page, changes the first.
 */
export function markAsSent(res: ServerResponse): SentMark {
  const marked = res as Marked
  const { statusCode, statusMessage, socket } = res
  const allowDestroy = socket === null ? () => {} : postponeDestroy(socket, res)
  marked._header = 'held'
  return {
    end() {
      res.finished = true
    },
    release() {
      marked._header = null
      res.finished = false
      res.statusCode = statusCode
      res.statusMessage = statusMessage
      allowDestroy()
    },
  }
}

interface Postponed {
  holders: number
  requested: boolean
}

const POSTPONED = new WeakMap<Socket, Postponed>()

/**
 * Express' own error handler destroys the socket where an answer was sent already. At that moment Node has handed that
 * answer to the system, but a held one would be lost: so the socket is destroyed once the answer has left.
 */
function postponeDestroy(socket: Socket, res: ServerResponse): () => void {
  // Requests that are pipelined share a socket.
  const postponed = POSTPONED.get(socket) ?? { holders: 0, requested: false }
  if (postponed.holders === 0) {
    POSTPONED.set(socket, postponed)
    socket.destroy = () => {
      postponed.requested = true
      return socket
    }
  }
  postponed.holders += 1
  return () => {
    postponed.holders -= 1
    if (postponed.holders > 0) return
    POSTPONED.delete(socket)
    delete (socket as { destroy?: unknown }).destroy
    if (!postponed.requested) return
    // The caller sends the answer in this same turn.
    process.nextTick(() => {
      if (res.writableEnded && !res.writableFinished) res.once('finish', () => socket.destroy())
      else socket.destroy()
    })
  }
}

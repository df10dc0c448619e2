import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Node's own mark of a sent head. `headersSent` and all methods that change headers read it. */
type Marked = ServerResponse & { _header: string | null }

export interface SentMark {
  /** Makes the response look ended, as after `end`. */
  end(): void
  /** Restores the response. */
  release(): void
}

/**
 * `headersSent` is true, changing a header throws ERR_HTTP_HEADERS_SENT, changing the status has no
 * effect. Else a second response, or an error page, would change the first.
 */
export function markAsSent(res: ServerResponse): SentMark {
  const marked = res as Marked
  const { statusCode, statusMessage, socket } = res
  const allowDestroy = socket === null ? () => {} : postponeDestroy(socket, res)
  marked._header = 'deferred'
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
  deferrals: number
  requested: boolean
}

const POSTPONED = new WeakMap<Socket, Postponed>()

/**
 * Express' default error handler destroys the socket after a sent response. Node has handed that
 * response to the kernel by then, but a deferred one would be lost. So the socket is destroyed
 * after the response.
 */
function postponeDestroy(socket: Socket, res: ServerResponse): () => void {
  // Pipelined requests share a socket.
  const postponed = POSTPONED.get(socket) ?? { deferrals: 0, requested: false }
  if (postponed.deferrals === 0) {
    POSTPONED.set(socket, postponed)
    socket.destroy = () => {
      postponed.requested = true
      return socket
    }
  }
  postponed.deferrals += 1
  return () => {
    postponed.deferrals -= 1
    if (postponed.deferrals > 0) return
    POSTPONED.delete(socket)
    delete (socket as { destroy?: unknown }).destroy
    if (!postponed.requested) return
    // The caller sends the response in this event-loop turn.
    process.nextTick(() => {
      if (res.writableEnded && !res.writableFinished) res.once('finish', () => socket.destroy())
      else socket.destroy()
    })
  }
}

import type { Server } from 'node:http'
import { exchangeDrain } from '../exchange-drain.ts'

// Node's own server.close(): it cuts idle connections, also one on which a request is on its way.
await exchangeDrain(
  (server) =>
    new Promise((resolve) => {
      const idle = setInterval(cutIdle, 5, server)
      server.once('close', () => {
        clearInterval(idle)
        resolve(0)
      })
      cutIdle(server)
    }),
)
await import('../../../src/main.ts')

/** Blocks first, as a busy replica: a request that arrives meanwhile is not read yet. */
function cutIdle(server: Server): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  if (server.listening) server.close()
  else server.closeIdleConnections()
}

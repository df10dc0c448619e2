import type { Server } from 'node:http'
import { exchange } from '../exchange.ts'

// Node's own server.close(): idle connections are cut, one on which a request is on its way among them.
await exchange<typeof import('../../../src/runtime/drain.ts')>('src/runtime/drain.ts', () => ({
  createDrain() {
    let server: Server | undefined
    return {
      middleware: (_req: unknown, _res: unknown, next: () => void) => next(),
      attach: (listening: Server) => {
        server = listening
      },
      run: () =>
        new Promise<number>((resolve) => {
          const idle = setInterval(cutIdle, 5, server)
          server?.once('close', () => {
            clearInterval(idle)
            resolve(0)
          })
          cutIdle(server)
        }),
    }
  },
}))
await import('../../../src/main.ts')

/** As a replica that is at work does it: what came in meanwhile is not read yet. Without the work it would take luck to hit a request. */
function cutIdle(server: Server | undefined): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  if (server?.listening) server.close()
  else server?.closeIdleConnections()
}

import type { Server } from 'node:http'
import { exchange } from '../exchange.ts'

// Node's own server.close(): idle connections are cut, one on which a request is on its way among them.
await exchange<typeof import('../../../src/runtime/drain.ts')>('src/runtime/drain.ts', () => ({
  createDrain() {
    let server: Server | undefined
    return {
      handOver: (_req: unknown, _res: unknown, next: () => void) => next(),
      attach: (listening: Server) => {
        server = listening
      },
      run: () =>
        new Promise<number>((resolve) => {
          const idle = setInterval(() => server?.closeIdleConnections(), 5)
          server?.close(() => resolve(0)).once('close', () => clearInterval(idle))
        }),
    }
  },
}))
await import('../../../src/server.ts')

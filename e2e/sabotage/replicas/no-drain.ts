import type { Server } from 'node:http'
import { exchange } from '../exchange.ts'

// Ends when it is told to, whatever is in flight.
await exchange<typeof import('../../../src/runtime/drain.ts')>('src/runtime/drain.ts', () => ({
  createDrain() {
    let server: Server | undefined
    return {
      middleware: (_req: unknown, _res: unknown, next: () => void) => next(),
      attach: (listening: Server) => {
        server = listening
      },
      run: async () => {
        server?.close()
        server?.closeAllConnections()
        return 0
      },
    }
  },
}))
await import('../../../src/main.ts')

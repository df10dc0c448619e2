import type { Server } from 'node:http'
import type { Drain } from '../../src/runtime/drain.ts'
import { exchange } from './exchange.ts'

/** Replaces the replica's drain; `stop` resolves with the number of connections that it cut. */
export async function exchangeDrain(stop: (server: Server) => Promise<number>): Promise<void> {
  await exchange<typeof import('../../src/runtime/drain.ts')>('src/runtime/drain.ts', () => ({
    createDrain(): Drain {
      let server: Server
      return {
        middleware: (_req, _res, next) => next(),
        attach: (listening) => {
          server = listening
        },
        run: () => stop(server),
      }
    },
  }))
}

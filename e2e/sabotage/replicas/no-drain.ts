import { exchangeDrain } from '../exchange-drain.ts'

// Stops at once, whatever is in flight.
await exchangeDrain(async (server) => {
  server.close()
  server.closeAllConnections()
  return 0
})
await import('../../../src/main.ts')

import { createServer } from 'node:net'

// Below Linux' range for outgoing connections (32768 and up): a connection to Postgres could take a
// replica's port during its restart. Ports that were handed out a moment ago have no listener yet,
// so they are remembered.
const lowest = 15_000
const highest = 32_000

// A port that was handed out a moment ago has no listener yet: without this set, two components
// could get the same port.
const handedOut = new Set<number>()

/**
 * A port on 127.0.0.1 without a listener, outside the range of outgoing connections, and new to
 * this process.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (handedOut.has(port) || !(await isFree(port))) continue
    handedOut.add(port)
    return port
  }
  throw new Error(`No free port between ${lowest} and ${highest}`)
}

/** This port, else one of the next twenty, else any. */
export async function nearestFree(preferred: number): Promise<number> {
  for (let port = preferred; port <= Math.min(preferred + 20, 65_535); port++) if (await isFree(port)) return port
  return await freePort()
}

/** On all IPv4 addresses. Throws without permission (ports below 1024). */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port, '0.0.0.0'))
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(new Error(`Port ${port} cannot be used: ${error.message}`, { cause: error }))
    })
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

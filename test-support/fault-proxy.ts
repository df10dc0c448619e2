import { once } from 'node:events'
import net from 'node:net'

/** A way to a test's database on which connections break, or fall silent. */
export interface TestRoad {
  /** The database, by this road. */
  readonly url: string
  /** Resolves when a client sends this from now on, the name of a prepared statement for example; the answer has not come back by then. */
  asked(text: string): Promise<void>
  /** Ends every connection at once, the one that was used last before the others: as a host does that comes back without knowing them. */
  reset(): void
  /** The same in the polite way, as a server does that stops. */
  end(): void
  /** Nothing comes through from now on, in either direction, and no connection ends. */
  silence(): void
  /** What the database says takes so many milliseconds from now on. */
  slow(milliseconds: number): void
  close(): Promise<void>
}

export async function testRoad(databaseUrl: string): Promise<TestRoad> {
  const { hostname, port } = new URL(databaseUrl)
  /** The one that was used last stands last. */
  const nears = new Set<net.Socket>()
  const all = new Set<net.Socket>()
  const awaited: { readonly text: string; readonly resolve: () => void }[] = []
  let silent = false
  let lag = 0
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname)
    nears.add(near)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      all.add(from)
      from.on('data', (bytes) => {
        if (from === near) noteAsked(near, bytes)
        if (silent) return
        if (from === far && lag > 0) setTimeout(() => to.write(bytes), lag)
        else to.write(bytes)
      })
      from.on('error', () => from.destroy())
      from.once('close', () => {
        all.delete(from)
        nears.delete(near)
        to.destroy()
      })
    }
  })
  function noteAsked(near: net.Socket, bytes: Buffer | string): void {
    if (nears.delete(near)) nears.add(near)
    for (const { text, resolve } of awaited) if (bytes.includes(text)) resolve()
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lastFirst = () => [...nears].reverse()
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${(server.address() as net.AddressInfo).port}` }).href,
    asked: (text) => new Promise((resolve) => awaited.push({ text, resolve })),
    reset() {
      for (const near of lastFirst()) near.resetAndDestroy()
    },
    end() {
      for (const near of lastFirst()) near.destroy()
    },
    silence() {
      silent = true
    },
    slow(milliseconds) {
      lag = milliseconds
    },
    async close() {
      for (const socket of all) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

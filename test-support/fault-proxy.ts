import { once } from 'node:events'
import net from 'node:net'

/** A way to a test's database on which connections break, or fall silent. */
export interface FaultProxy {
  /** The database, by this road. */
  readonly url: string
  /** Resolves when a client sends this from now on, the name of a prepared statement for example; the answer has not come back by then. */
  received(text: string): Promise<void>
  /** Ends every connection at once, the one that was used last before the others: as a host does that comes back without knowing them. */
  reset(): void
  /** The same in the polite way, as a server does that stops. */
  end(): void
  /** Nothing comes through from now on, in either direction, and no connection ends. */
  blackhole(): void
  /** What the database says takes so many milliseconds from now on. */
  delayAnswers(milliseconds: number): void
  close(): Promise<void>
}

export async function startFaultProxy(databaseUrl: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(databaseUrl)
  /** The one that was used last stands last. */
  const clients = new Set<net.Socket>()
  const all = new Set<net.Socket>()
  const awaited: { readonly text: string; readonly resolve: () => void }[] = []
  let isBlackholed = false
  let delayMs = 0
  const server = net.createServer((client) => {
    const database = net.connect(Number(port), hostname)
    clients.add(client)
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      all.add(from)
      from.on('data', (bytes) => {
        if (from === client) noteReceived(client, bytes)
        if (isBlackholed) return
        if (from === database && delayMs > 0) setTimeout(() => to.write(bytes), delayMs)
        else to.write(bytes)
      })
      from.on('error', () => from.destroy())
      from.once('close', () => {
        all.delete(from)
        clients.delete(client)
        to.destroy()
      })
    }
  })
  function noteReceived(client: net.Socket, bytes: Buffer | string): void {
    if (clients.delete(client)) clients.add(client)
    for (const { text, resolve } of awaited) if (bytes.includes(text)) resolve()
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  const lastFirst = () => [...clients].reverse()
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${(server.address() as net.AddressInfo).port}` }).href,
    received: (text) => new Promise((resolve) => awaited.push({ text, resolve })),
    reset() {
      for (const client of lastFirst()) client.resetAndDestroy()
    },
    end() {
      for (const client of lastFirst()) client.destroy()
    },
    blackhole() {
      isBlackholed = true
    },
    delayAnswers(milliseconds) {
      delayMs = milliseconds
    },
    async close() {
      for (const socket of all) socket.destroy()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

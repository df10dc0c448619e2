import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'

/** A way from containers to a database on this machine's 127.0.0.1. */
export interface TcpForwarder {
  /** The database's address, as containers reach it. */
  readonly url: string
  close(): Promise<void>
}

/** Hands on bytes between Docker's own network and the database; a connection that is refused there is reset here. */
export async function startTcpForwarder(databaseUrl: string): Promise<TcpForwarder> {
  const { hostname, port } = new URL(databaseUrl)
  const sockets = new Set<net.Socket>()
  let isOpen = true
  const server = net.createServer((client) => {
    if (!isOpen) return void client.destroy()
    const database = net.connect(Number(port), hostname)
    for (const [one, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.on('error', () => other.resetAndDestroy())
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await once(server.listen(0, gateway()), 'listening')
  const address = server.address() as net.AddressInfo
  return {
    url: Object.assign(new URL(databaseUrl), { host: `${address.address}:${address.port}` }).href,
    async close() {
      isOpen = false
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** This machine's address on Docker's default bridge, which containers of every network reach and nobody outside does. */
function gateway(): string {
  const format = '{{(index .IPAM.Config 0).Gateway}}'
  return execFileSync('docker', ['network', 'inspect', 'bridge', '--format', format], { encoding: 'utf8' }).trim()
}

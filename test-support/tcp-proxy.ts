import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A way to a server on which connections break, fall silent or become slow. */
export interface TcpProxy {
  /** The server's URL with the proxy's address. */
  readonly url: string
  /** Resolves when a client sends this text, a statement's name for example, before the answer. */
  received(text: string): Promise<void>
  /** Resets every connection, the one used last first: as a host that has restarted. */
  reset(): void
  /** Closes every connection, in the same order: as a server that stops. */
  end(): void
  /** Holds all bytes back and ends no connection, as a host that has vanished. */
  blackhole(): void
  /** Delays the server's answers from now on. */
  delayAnswers(milliseconds: number): void
  /** Ends all connections, and refuses new ones. */
  close(): Promise<void>
  /** Takes connections again, at the same address; what `blackhole` held back arrives. */
  open(): Promise<void>
}

/** A test's own treatment of one connection. */
export interface ConnectionHooks {
  /** Called with what the client sends, which is forwarded when the promise resolves. */
  onSent?(bytes: Buffer): Promise<void>
  /** The delay of both directions at present. */
  delayMs?(): number
}

export interface TcpProxyOptions {
  /** The address to listen at; default 127.0.0.1. */
  readonly host?: string
  /** Called once for each connection. */
  readonly onConnection?: () => ConnectionHooks
}

export async function startTcpProxy(targetUrl: string, options: TcpProxyOptions = {}): Promise<TcpProxy> {
  const { host = '127.0.0.1', onConnection } = options
  const target = new URL(targetUrl)
  /** The one used last stands last. */
  const clients = new Set<net.Socket>()
  const sockets = new Set<net.Socket>()
  const awaited: { readonly text: string; readonly resolve: () => void }[] = []
  let answerDelayMs = 0
  let resumed = Promise.withResolvers<void>()
  resumed.resolve()

  const server = net.createServer((client) => {
    if (!server.listening) return void client.destroy()
    const remote = connectOrReset(target, client)
    const hooks = onConnection?.()
    const delayMs = () => hooks?.delayMs?.() ?? 0
    clients.add(client)
    client.once('close', () => clients.delete(client))
    client.on('data', (bytes) => noteReceived(client, bytes))
    for (const socket of [client, remote]) {
      sockets.add(socket.setNoDelay(true))
      socket.once('close', () => sockets.delete(socket))
    }
    forward(client, remote, delayMs, async (bytes) => {
      await resumed.promise
      await hooks?.onSent?.(bytes)
      await resumed.promise
    })
    forward(
      remote,
      client,
      () => delayMs() + answerDelayMs,
      () => resumed.promise,
    )
  })
  function noteReceived(client: net.Socket, bytes: Buffer | string): void {
    if (clients.delete(client)) clients.add(client)
    for (const { text, resolve } of awaited) if (bytes.includes(text)) resolve()
  }

  await once(server.listen(0, host), 'listening')
  const { address, port } = server.address() as net.AddressInfo
  return {
    url: Object.assign(new URL(targetUrl), { host: `${address}:${port}` }).href,
    received: (text) => new Promise((resolve) => awaited.push({ text, resolve })),
    reset() {
      for (const client of [...clients].reverse()) client.resetAndDestroy()
    },
    end() {
      for (const client of [...clients].reverse()) client.destroy()
    },
    blackhole() {
      resumed = Promise.withResolvers()
    },
    delayAnswers(milliseconds) {
      answerDelayMs = milliseconds
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    async open() {
      resumed.resolve()
      if (!server.listening) await once(server.listen(port, host), 'listening')
    },
  }
}

/** Where the server refuses the connection, the client's is reset. */
function connectOrReset({ hostname, port }: URL, client: net.Socket): net.Socket {
  const remote = net.connect(Number(port), hostname)
  const reset = () => client.resetAndDestroy()
  remote.once('error', reset)
  remote.once('connect', () => remote.off('error', reset))
  return remote
}

/** Hands bytes on in their order, each piece when it may pass and its delay is over. */
function forward(
  from: net.Socket,
  to: net.Socket,
  delayMs: () => number,
  mayPass: (bytes: Buffer) => Promise<void>,
): void {
  let last = Promise.resolve()
  from.on('data', (bytes: Buffer) => {
    const due = performance.now() + delayMs()
    last = last.then(async () => {
      await mayPass(bytes)
      const leftMs = due - performance.now()
      if (leftMs > 1) await sleep(leftMs)
      if (!to.destroyed) to.write(bytes)
    })
  })
  from.on('error', () => from.destroy())
  from.once('close', () => void last.then(() => to.destroy()))
}

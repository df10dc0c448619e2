import { once } from 'node:events'
import net from 'node:net'
import { createProtocolReader } from './postgres-protocol.ts'

/** One statement that went by. */
export interface ObservedStatement {
  /** The replica that asked. */
  readonly client: string
  readonly statement: string
}

/** The way from the replicas to their database, with a gatekeeper: a TCP proxy that a scenario slows, silences or cuts. */
export interface DatabaseProxy {
  /** The database, by this road. */
  readonly url: string
  /** Every statement that went by so far. */
  readonly statements: readonly ObservedStatement[]
  /** What this replica asks, and what it is answered, comes this many milliseconds later from now on; 0 for at once. */
  slow(client: string, milliseconds: number): void
  /** Lets this replica read a session once more, and holds whatever it asks after that until the gate is opened. */
  pauseAfterRead(client: string): Pause
  /** Nothing comes through and no connection ends, as when a host has vanished. */
  blackhole(): void
  /** All connections end, and new ones are refused. */
  close(): Promise<void>
  /** As at first, without delays and gates; what was held back arrives. */
  open(): Promise<void>
}

export interface Pause {
  /** Resolves once something is held. */
  readonly reached: Promise<void>
  open(): void
}

/** A road that exists until `cut` for the last time. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl)
  const far = { host: target.hostname, port: Number(target.port) }
  const traffic = createTraffic()
  const ends = new Set<net.Socket>()
  const server = net.createServer((near) => {
    const other = net.connect(far)
    for (const socket of [near, other]) {
      ends.add(socket)
      socket.on('error', () => socket.destroy())
      socket.once('close', () => ends.delete(socket))
    }
    traffic.connect(near, other)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as net.AddressInfo
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    statements: traffic.statements,
    slow: traffic.slow,
    pauseAfterRead: traffic.pauseAfterRead,
    blackhole: traffic.blackhole,
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of ends) socket.destroy()
      await closed
    },
    async open() {
      traffic.open()
      if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening')
    },
  }
}

const READ = /^\s*(SELECT|WITH)\b[^;]*\bFROM\s+"?session"?\b/i

interface Hold extends Pause {
  readonly opened: Promise<void>
  read: boolean
  reach(): void
}

function createTraffic() {
  const statements: ObservedStatement[] = []
  const delays = new Map<string, number>()
  const holds = new Map<string, Hold>()
  let silent = createLatch(true)

  return {
    statements,
    slow: (client: string, milliseconds: number) => void delays.set(client, milliseconds),
    pauseAfterRead(client: string): Pause {
      const opened = createLatch()
      const reached = createLatch()
      const open = () => {
        holds.delete(client)
        opened.open()
      }
      holds.set(client, { read: false, opened: opened.passed, reached: reached.passed, reach: reached.open, open })
      return { reached: reached.passed, open }
    },
    blackhole() {
      silent = createLatch()
    },
    open() {
      delays.clear()
      for (const hold of holds.values()) hold.open()
      silent.open()
    },
    connect(near: net.Socket, far: net.Socket): void {
      const client = createProtocolReader()
      const late = () => delays.get(client.name) ?? 0
      carry(near, far, late, async (bytes) => {
        const sent = client.read(bytes)
        await gateFor(client.name, sent)
        await silent.passed
        for (const statement of sent) statements.push({ client: client.name, statement })
      })
      carry(far, near, late, () => silent.passed)
    },
  }

  /** Waits where what is asked comes after the read that was let through. */
  async function gateFor(client: string, statements: readonly string[]): Promise<void> {
    const hold = statements.length > 0 ? holds.get(client) : undefined
    if (hold === undefined) return
    if (!hold.read) {
      hold.read = statements.some((text) => READ.test(text))
      return
    }
    hold.reach()
    await hold.opened
  }
}

/** Hands on what comes, in its order, each piece when it may pass and its delay is over. */
function carry(from: net.Socket, to: net.Socket, late: () => number, mayPass: (bytes: Buffer) => Promise<void>): void {
  let last = Promise.resolve()
  from.on('data', (bytes: Buffer) => {
    const due = performance.now() + late()
    last = last.then(async () => {
      await mayPass(bytes)
      const left = due - performance.now()
      if (left > 1) await new Promise((resolve) => setTimeout(resolve, left))
      if (!to.destroyed) to.write(bytes)
    })
  })
  from.once('close', () => void last.then(() => to.destroy()))
}

function createLatch(isOpen = false): { readonly passed: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (isOpen) resolve()
  return { passed: promise, open: resolve }
}

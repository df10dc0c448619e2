import { startTcpProxy, type TcpProxy } from '../../../test-support/tcp-proxy.ts'
import { createProtocolReader } from './postgres-protocol.ts'

export interface ObservedStatement {
  /** The replica that sent it. */
  readonly client: string
  readonly statement: string
}

/** A proxy between the replicas and their database that understands Postgres' protocol. */
export interface DatabaseProxy extends Pick<TcpProxy, 'url' | 'blackhole' | 'close'> {
  /** Every statement that passed so far. */
  readonly statements: readonly ObservedStatement[]
  /** Delays this replica's statements and their answers from now on; 0: no delay. */
  slow(client: string, milliseconds: number): void
  /** Lets this replica read a session once more, and holds back what it sends after that. */
  pauseAfterRead(client: string): Pause
  /** As at first: without delays and pauses; what was held back arrives. */
  open(): Promise<void>
}

export interface Pause {
  /** Resolves once something is held back. */
  readonly reached: Promise<void>
  resume(): void
}

const SESSION_READ = /^\s*(SELECT|WITH)\b[^;]*\bFROM\s+"?session"?\b/i

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const statements: ObservedStatement[] = []
  const delays = new Map<string, number>()
  const pauses = new Map<string, ActivePause>()
  const proxy = await startTcpProxy(databaseUrl, {
    onConnection() {
      const reader = createProtocolReader()
      return {
        delayMs: () => delays.get(reader.name) ?? 0,
        async onSent(bytes) {
          const sent = reader.read(bytes)
          await pauses.get(reader.name)?.pass(sent)
          statements.push(...sent.map((statement) => ({ client: reader.name, statement })))
        },
      }
    },
  })
  return {
    url: proxy.url,
    blackhole: proxy.blackhole,
    close: proxy.close,
    statements,
    slow: (client, milliseconds) => void delays.set(client, milliseconds),
    pauseAfterRead(client) {
      const pause = createPause(() => pauses.delete(client))
      pauses.set(client, pause)
      return pause
    },
    async open() {
      delays.clear()
      for (const pause of pauses.values()) pause.resume()
      await proxy.open()
    },
  }
}

interface ActivePause extends Pause {
  /** Resolves when these statements may pass: up to the first read at once. */
  pass(statements: readonly string[]): Promise<void>
}

function createPause(onResume: () => void): ActivePause {
  const reached = Promise.withResolvers<void>()
  const resumed = Promise.withResolvers<void>()
  let hasRead = false
  return {
    reached: reached.promise,
    resume() {
      onResume()
      resumed.resolve()
    },
    async pass(statements) {
      if (statements.length === 0) return
      if (!hasRead) {
        hasRead = statements.some((text) => SESSION_READ.test(text))
        return
      }
      reached.resolve()
      await resumed.promise
    },
  }
}

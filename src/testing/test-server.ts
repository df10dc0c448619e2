import { Writable } from 'node:stream'
import { createHttpClient, type HttpClient } from '../../test-support/http-client.ts'
import type { Pool } from '../database/pool.ts'
import { createLog } from '../runtime/log.ts'
import { startServer } from '../server.ts'
import type { ServerOptions } from '../server-options.ts'
import { freshDatabase } from './fresh-database.ts'

export interface TestServer {
  readonly url: string
  readonly metricsUrl: string
  readonly pool: Pool
  readonly lines: readonly string[]
  client(): HttpClient
  close(): Promise<void>
}

/** A real replica on free ports with a new database. */
export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const database = await freshDatabase()
  const lines: string[] = []
  const log = createLog({ level: 'info', format: 'json', replica: 'test', stream: collect(lines) })
  const replica = await startServer({ ...OPTIONS, databaseUrl: database.url, ...options }, log)
  await replica.ready
  const url = `http://127.0.0.1:${replica.port}`
  const visitors: HttpClient[] = []
  return {
    url,
    metricsUrl: `http://127.0.0.1:${replica.metricsPort}/metrics`,
    pool: database.pool,
    lines,
    client() {
      const client = createHttpClient(url)
      visitors.push(client)
      return client
    },
    async close() {
      for (const client of visitors) client.close()
      await replica.stop()
      await database.drop()
    },
  }
}

export const OPTIONS: ServerOptions = {
  site: 'Roundhouse',
  replica: 'test',
  version: '0.0.0',
  commit: undefined,
  production: false,
  host: '127.0.0.1',
  port: 0,
  metricsPort: 0,
  databaseUrl: '',
  poolSize: 5,
  connectTimeoutMs: 5000,
  queryTimeoutMs: 5000,
  idleTimeoutMs: 1000,
  secrets: ['a secret for tests only, long enough'],
  sessionMaxAgeMs: 30 * 86_400_000,
  sessionAbsoluteMaxAgeMs: 90 * 86_400_000,
  sessionStore: 'postgres',
  cookie: { name: 'sid', previousName: undefined, secure: false },
  trustProxy: 0,
  clientAddressHeader: undefined,
  drain: { delayMs: 0, timeoutMs: 1000 },
  log: { level: 'error', format: 'json' },
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
}

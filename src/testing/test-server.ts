import { Writable } from 'node:stream'
import { type TestVisitor, testVisitor } from '../../test-support/http-client.ts'
import type { Pool } from '../database/pool.ts'
import { createLog } from '../runtime/log.ts'
import { type ReplicaOptions, startReplica } from '../server.ts'
import { testDatabase } from './fresh-database.ts'

export interface TestApp {
  readonly url: string
  readonly metricsUrl: string
  readonly pool: Pool
  /** What the application has logged so far. */
  readonly lines: readonly string[]
  /** Somebody with a browser of their own. */
  visitor(): TestVisitor
  close(): Promise<void>
}

/** A real replica on free ports over a fresh database. */
export async function testApp(options: Partial<ReplicaOptions> = {}): Promise<TestApp> {
  const database = await testDatabase()
  const lines: string[] = []
  const log = createLog({ level: 'info', format: 'json', replica: 'test', stream: collect(lines) })
  const replica = await startReplica({ ...OPTIONS, databaseUrl: database.url, ...options }, log)
  await replica.ready
  const url = `http://127.0.0.1:${replica.port}`
  const visitors: TestVisitor[] = []
  return {
    url,
    metricsUrl: `http://127.0.0.1:${replica.metricsPort}/metrics`,
    pool: database.pool,
    lines,
    visitor() {
      const visitor = testVisitor(url)
      visitors.push(visitor)
      return visitor
    },
    async close() {
      for (const visitor of visitors) visitor.leave()
      await replica.stop()
      await database.drop()
    },
  }
}

/** A replica's options for a test: free ports, no patience. */
export const OPTIONS: ReplicaOptions = {
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
  connectTimeout: 5000,
  queryTimeout: 5000,
  idleTimeout: 1000,
  secrets: ['a secret for tests only, long enough'],
  sessionMaxAge: 30 * 86_400_000,
  sessionAbsoluteMaxAge: 90 * 86_400_000,
  sessionStore: 'postgres',
  cookie: { name: 'sid', former: undefined, secure: false },
  trustProxy: 0,
  clientAddressHeader: undefined,
  drain: { delay: 0, timeout: 1000 },
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

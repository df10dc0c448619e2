import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { migrate } from './database/migrate.ts'
import { testDatabase } from './database/testing.ts'
import { type Replica, startReplica } from './replica.ts'
import { createLog } from './runtime/log.ts'
import { OPTIONS } from './testing.ts'

test('without its schema a replica says what to run, serves nobody a fault, and becomes ready by itself', async () => {
  const database = await testDatabase({ migrated: false })
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLog({ level: 'error', format: 'json', replica: 'test', stream })
  const replica = await startReplica({ ...OPTIONS, databaseUrl: database.url }, log)
  const url = `http://127.0.0.1:${replica.port}`
  try {
    const ready = await until(`${url}/readyz`, (body) => 'reason' in body && String(body.reason).startsWith('schema'))
    assert.match(String(ready.reason), /run "npm run migrate"/)
    assert.match(await metricsOf(replica), /^replica_ready\{replica="test",version="0\.0\.0"\} 0$/m)
    const page = await fetch(`${url}/shop`)
    assert.equal(page.status, 503)
    assert.ok(Number(page.headers.get('retry-after')) > 0)
    await page.arrayBuffer()
    await migrate({ url: database.url, role: decodeURIComponent(new URL(database.url).username), say: () => {} })
    await replica.ready
    assert.equal((await fetch(`${url}/shop`)).status, 200)
    assert.match(await metricsOf(replica), /^replica_ready\{replica="test",version="0\.0\.0"\} 1$/m)
  } finally {
    await replica.stop()
    await database.drop()
  }
})

async function metricsOf({ metricsPort }: Replica): Promise<string> {
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
}

async function until(url: string, isSo: (body: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  for (;;) {
    const body = (await (await fetch(url)).json()) as Record<string, unknown>
    if (isSo(body)) return body
  }
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { migrate } from './database/migrate.ts'
import { createLog } from './runtime/log.ts'
import { type RunningServer, startServer } from './server.ts'
import { freshDatabase } from './testing/fresh-database.ts'
import { OPTIONS } from './testing/test-server.ts'

test('without its schema a replica names the command to run, answers 503, and becomes ready by itself', async () => {
  const database = await freshDatabase({ migrated: false })
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLog({ level: 'error', format: 'json', replica: 'test', stream })
  const replica = await startServer({ ...OPTIONS, databaseUrl: database.url }, log)
  const url = `http://127.0.0.1:${replica.port}`
  try {
    const ready = await until(`${url}/readyz`, (body) => 'reason' in body && String(body.reason).startsWith('schema'))
    assert.match(String(ready.reason), /run "npm run migrate"/)
    assert.match(await metricsOf(replica), /^replica_ready\{replica="test",version="0\.0\.0"\} 0$/m)
    const page = await fetch(`${url}/shop`)
    assert.equal(page.status, 503)
    assert.ok(Number(page.headers.get('retry-after')) > 0)
    await page.arrayBuffer()
    await migrate({ url: database.url, role: decodeURIComponent(new URL(database.url).username), onProgress: () => {} })
    await replica.ready
    assert.equal((await fetch(`${url}/shop`)).status, 200)
    assert.match(await metricsOf(replica), /^replica_ready\{replica="test",version="0\.0\.0"\} 1$/m)
  } finally {
    await replica.stop()
    await database.drop()
  }
})

test('a secure cookie that is withheld on plain HTTP is logged once', async () => {
  const database = await freshDatabase()
  const lines: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) })
  const log = createLog({ level: 'warn', format: 'json', replica: 'test', stream })
  const cookie = { ...OPTIONS.cookie, secure: true }
  const replica = await startServer({ ...OPTIONS, cookie, databaseUrl: database.url }, log)
  const url = `http://127.0.0.1:${replica.port}`
  try {
    await replica.ready
    await database.pool.query("INSERT INTO product (id, name, price, stock) VALUES ('pear', 'Pear', 100, 10)")
    for (let request = 0; request < 2; request++) {
      const answer = await fetch(`${url}/basket/items`, { ...PEAR, redirect: 'manual' })
      assert.deepEqual([answer.status, answer.headers.getSetCookie()], [200, []])
      await answer.arrayBuffer()
    }
    const warnings = lines.filter((line) => line.includes('"cookie withheld"'))
    assert.equal(warnings.length, 1, lines.join(''))
    assert.match(warnings[0] ?? '', /COOKIE_SECURE=false/)
  } finally {
    await replica.stop()
    await database.drop()
  }
})

test('a start on a taken port fails, and leaves no connection and no metrics server', async () => {
  const database = await freshDatabase()
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  const log = createLog({ level: 'error', format: 'json', replica: 'test', stream })
  const first = await startServer({ ...OPTIONS, databaseUrl: database.url }, log)
  try {
    await first.ready
    const metricsPort = await freePort()
    const second = { ...OPTIONS, replica: 'second', databaseUrl: database.url, port: first.port, metricsPort }
    await assert.rejects(startServer(second, log), { code: 'EADDRINUSE' })
    await assert.rejects(fetch(`http://127.0.0.1:${metricsPort}/metrics`))
    const { rowCount } = await database.pool.query(
      "SELECT FROM pg_stat_activity WHERE application_name = 'second' AND datname = current_database()",
    )
    assert.equal(rowCount, 0)
  } finally {
    await first.stop()
    await database.drop()
  }
})

const PEAR = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json', connection: 'close' },
  body: JSON.stringify({ product: 'pear', quantity: 1 }),
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function metricsOf({ metricsPort }: RunningServer): Promise<string> {
  return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
}

async function until(url: string, isSo: (body: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  for (;;) {
    const body = (await (await fetch(url)).json()) as Record<string, unknown>
    if (isSo(body)) return body
  }
}

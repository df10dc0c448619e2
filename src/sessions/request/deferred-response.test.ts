import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import express, { type Request, type Response } from 'express'
import pg from 'pg'
import { createSessions } from '../sessions.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'

type Handler = (req: Request, res: Response) => unknown

/** Every way in which Express and Node send a response. */
const ANSWERS: Readonly<Record<string, Handler>> = {
  json: (_req, res) => res.json({ well: true }),
  redirect: (_req, res) => res.redirect(303, '/'),
  end: (_req, res) => res.end('well'),
  'no content': (_req, res) => res.status(204).end(),
  'not modified': (_req, res) => res.status(304).end(),
  'a head of its own': (_req, res) => res.writeHead(200, { 'Content-Type': 'text/plain' }).end('well'),
  'flushed headers': (_req, res) => {
    res.flushHeaders()
    res.end('well')
  },
  'written in pieces': (_req, res) => {
    res.write('we')
    res.write('ll')
    res.end()
  },
  'written as there is room': async (_req, res) => {
    for (const piece of ['we', 'll']) if (!res.write(piece)) await new Promise((resolve) => res.once('drain', resolve))
    res.end()
  },
  pipe: (_req, res) => Readable.from(['we', 'll']).pipe(res),
  pipeline: (_req, res) => pipeline(Readable.from(['we', 'll']), res),
  'a large stream': (_req, res) => Readable.from(Array.from({ length: 200 }, () => 'x'.repeat(10_000))).pipe(res),
  sendFile: (_req, res) => res.sendFile(import.meta.filename),
  'an event stream': (_req, res) => {
    res.set('Content-Type', 'text/event-stream')
    res.write('data: well\n\n')
    setImmediate(() => res.end())
  },
  'an error page': () => {
    throw Object.assign(new Error('as expected'), { status: 418 })
  },
  'an error page of a promise': () => Promise.reject(Object.assign(new Error('as expected'), { status: 418 })),
}

let database: TestDatabase
let server: Server
const refused: unknown[] = []

before(async () => {
  database = await createTestDatabase()
  const sessions = createSessions({
    pool: database.pool,
    secret: 'a secret of this test, long enough',
    onCommitError(_req, res, error) {
      refused.push(error)
      res.status(503).send('refused')
    },
  })
  const app = express()
  app.use((_req, res, next) => {
    res.set('X-Request-Id', 'kept')
    next()
  })
  app.use(sessions.middleware())
  app.all('/:kind', async (req, res) => {
    res.set('X-Draft', 'of the handler')
    req.session.account = req.params.kind ?? ''
    await ANSWERS[req.params.kind ?? '']?.(req, res)
  })
  app.use((error: { status: number }, _req: Request, res: Response, _next: unknown) => {
    if (!res.headersSent) res.status(error.status ?? 500).send('fault')
  })
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await database.drop()
})

for (const kind of Object.keys(ANSWERS)) {
  test(`${kind}: no byte is sent before the commit`, async () => {
    const lock = new pg.Client({ connectionString: database.url })
    await lock.connect()
    try {
      await lock.query('BEGIN; LOCK TABLE session IN EXCLUSIVE MODE')
      let arrived = false
      const answer = ask('GET', kind).finally(() => {
        arrived = true
      })
      await until(someoneWaits)
      assert.equal(arrived, false)
      await lock.query('COMMIT')
      const { status, headers, body } = await answer
      assert.ok(status < 500)
      assert.match(String(headers['set-cookie']), /^connect\.sid=/)
      if (kind === 'a large stream') assert.equal(body.length, 2_000_000)
      else if (status === 200 && kind !== 'sendFile' && kind !== 'json') assert.match(body, /^(data: )?well\s*$/)
      assert.equal(await rows(kind), 1)
    } finally {
      await lock.end()
    }
  })

  test(`${kind}: a failed commit becomes an error response without a cookie`, async () => {
    await database.pool.query(REFUSE_WRITES)
    try {
      const before = refused.length
      const { status, headers, body } = await ask('GET', kind)
      assert.deepEqual([status, body, headers['set-cookie']], [503, 'refused', undefined])
      assert.deepEqual([headers['x-request-id'], headers['x-draft'], headers.location], ['kept', undefined, undefined])
      assert.equal(refused.length, before + 1)
    } finally {
      await database.pool.query('DROP TRIGGER refuse ON session')
    }
  })
}

test('a HEAD request commits its session, too', async () => {
  const { status, headers } = await ask('HEAD', 'json')
  assert.equal(status, 200)
  assert.match(String(headers['set-cookie']), /^connect\.sid=/)
})

const REFUSE_WRITES = `
  CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$;
  CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON session FOR EACH ROW EXECUTE FUNCTION refuse()`

async function ask(method: string, kind: string) {
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/${encodeURIComponent(kind)}`
  const response = await fetch(url, { method, redirect: 'manual' })
  const headers: Record<string, string> = Object.fromEntries(response.headers)
  return { status: response.status, headers, body: await response.text() }
}

async function someoneWaits(): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    `SELECT FROM pg_locks WHERE NOT granted AND relation = 'session'::regclass`,
  )
  return (rowCount ?? 0) > 0
}

async function rows(account: string): Promise<number> {
  const { rowCount } = await database.pool.query('DELETE FROM session WHERE account = $1', [account])
  return rowCount ?? 0
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import compression from 'compression'
import express, { type Express, type RequestHandler, type Response } from 'express'
import { createSessions } from '../sessions.ts'

type Handler = (res: Response) => unknown

/** Handlers that respond twice, by mistake or through a library. */
const HANDLERS: Readonly<Record<string, Handler>> = {
  'a redirect, then json': (res) => {
    res.redirect('/login')
    res.json({})
  },
  'json, then an error': (res) => {
    res.json({ done: true })
    throw new Error('too late')
  },
  'json, then a rejection': async (res) => {
    res.json({ done: true })
    throw new Error('too late')
  },
  'json, then a header': (res) => {
    res.json({ done: true })
    res.setHeader('X-Late', '1')
  },
  'json, then a header taken away': (res) => {
    res.json({ done: true })
    res.removeHeader('Content-Type')
  },
  'json, then another status': (res) => {
    res.json({ done: true })
    res.statusCode = 500
    res.statusMessage = 'Late'
  },
  'a head, then another head': (res) => {
    res.writeHead(201, { 'X-First': '1' })
    res.writeHead(500).end('late')
  },
  'a head, then another status and header': (res) => {
    res.writeHead(201, 'First', ['X-First', '1'])
    res.statusCode = 500
    res.end('first')
    res.setHeader('X-Late', '1')
  },
  'a piece, then a status': (res) => {
    res.write('first')
    res.status(500)
    res.end()
  },
  'an end, then an end': (res) => {
    res.end('first')
    res.end()
  },
  'flushed headers, then a header': (res) => {
    res.set('X-First', '1')
    res.flushHeaders()
    res.end('first')
    res.set('X-Late', '1')
  },
  'a body that is none': (res) => {
    res.write(5 as never)
  },
  'a status that is none': (res) => {
    res.statusCode = 5
    res.end('first')
  },
}

const sessions = createSessions({ pool: 'memory', secret: 'a secret of this test, long enough' })
const changed: RequestHandler = (req, _res, next) => {
  req.session.account = 'ada'
  next()
}
const [plain, stateful] = [express(), express().use(sessions.middleware(), changed)]
const errors: string[] = []
const servers: Server[] = []

before(async () => {
  for (const app of [plain, stateful]) {
    app.set('env', 'test')
    for (const [name, handler] of Object.entries(HANDLERS))
      app.get(`/${encodeURIComponent(name)}`, (_req, res) => handler(res))
    app.use(((error: { code?: string; message: string }, _req, _res, next) => {
      errors.push(error.code ?? error.message)
      next(error)
    }) as express.ErrorRequestHandler)
  }
  await Promise.all([plain, stateful].map(listen))
})
after(() => {
  for (const server of servers) server.close().closeAllConnections()
})

for (const name of Object.keys(HANDLERS)) {
  test(`${name}: the first response wins, and the error handler behaves as without sessions`, async () => {
    const [without, withSessions] = [await seen(0, name), await seen(1, name)]
    assert.deepEqual(withSessions, without)
  })
}

test('the response looks sent while the commit is pending', async () => {
  let looks: unknown[] = []
  const url = await listen(
    express().use(sessions.middleware(), changed, (_req, res) => {
      looks = [res.headersSent, res.writableEnded]
      res.json({})
      looks.push(res.headersSent, res.writableEnded)
    }),
  )
  await ask(url)
  assert.deepEqual(looks, [false, false, true, true])
})

test('a write after the end calls its callback with an error, and the process continues', async () => {
  const told: unknown[] = []
  const url = await listen(
    express().use(sessions.middleware(), changed, (_req, res) => {
      res.end('first')
      res.write('late', (error) => told.push((error as { code?: string }).code))
      res.end('late')
    }),
  )
  assert.equal((await ask(url)).text, 'first')
  assert.equal((await ask(url)).text, 'first')
  assert.deepEqual(told, ['ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_WRITE_AFTER_END'])
})

for (const [order, handlers] of Object.entries({
  'sessions, then compression': [sessions.middleware(), compression({ threshold: 0 })],
  'compression, then sessions': [compression({ threshold: 0 }), sessions.middleware()],
})) {
  test(`${order}: a response in pieces, flushed or not, arrives complete and with its cookie`, async () => {
    const app = express().use(...handlers, changed)
    app.get('/pieces', (_req, res) => {
      res.type('text').write('fi')
      res.write('rst')
      res.end()
    })
    app.get('/flushed', (_req, res) => {
      res.type('text').write('fi')
      res.flush()
      res.end('rst')
    })
    app.get('/sent', (_req, res) => void res.send('first'))
    const url = await listen(app)
    for (const path of ['/pieces', '/flushed', '/sent']) {
      const { text, headers } = await ask(url + path)
      assert.equal(text, 'first', path)
      assert.match(String(headers['set-cookie']), /^connect\.sid=/)
    }
  })
}

async function listen(app: Express): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return address(server)
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** What a client and the error handler see, without what sessions add. */
async function seen(index: number, name: string) {
  errors.length = 0
  const answer = await ask(`${address(servers[index]!)}/${encodeURIComponent(name)}`).catch(() => undefined)
  if (answer === undefined) return { status: 'cut off', errors: [...errors] }
  const { status, reason, headers, text } = answer
  // Express' own page shows the stack, which has other files.
  if (status === 500) return { status, reason, errors: [...errors] }
  const { date: _date, 'set-cookie': _cookie, connection: _connection, 'keep-alive': _alive, ...rest } = headers
  return { status, reason, rest, text, errors: [...errors] }
}

async function ask(url: string) {
  const request = get(url, { agent: false, timeout: 10_000, headers: { 'accept-encoding': 'identity' } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, reason: response.statusMessage, headers: response.headers, text }
}

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { Session } from 'express-session'
import type { SessionsOptions } from '../options.ts'
import { createSessions, type Sessions } from '../sessions.ts'
import { MemoryTable } from '../storage/memory-table.ts'
import { createSignatures } from './session-cookie.ts'

declare module 'express-session' {
  interface SessionData {
    views?: number
    odd?: unknown
  }
}

const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})

const OPTIONS = { pool: 'memory', secret: 'a secret of this test, long enough' } as const

/** An Express application with these handlers by path. */
async function serve(handlers: Readonly<Record<string, RequestHandler>>, options: Partial<SessionsOptions> = {}) {
  const sessions = createSessions({ ...OPTIONS, ...options } as SessionsOptions)
  const app = express().use(sessions)
  for (const [path, handler] of Object.entries(handlers)) app.get(path, handler)
  app.use((error: Error, _req: Request, res: Response, _next: unknown) => {
    res.status(500).send(`${error.name}: ${error.message}`)
  })
  return { sessions, get: await listen(app) }
}

async function listen(handler: RequestListener) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
  )
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return (path: string, cookie?: string) =>
    fetch(url + path, { redirect: 'manual', headers: cookie === undefined ? {} : { cookie } })
}

const cookieOf = (response: globalThis.Response) => response.headers.getSetCookie()[0]?.split(';')[0]
const begin: RequestHandler = (req, res) => {
  req.session.views = 1
  res.end()
}
const show: RequestHandler = (req, res) => void res.json(req.session.views ?? null)

test('ws: a response that is an empty object reads the session, and save works', async () => {
  const { sessions, get } = await serve({ '/begin': begin, '/show': show })
  const cookie = cookieOf(await get('/begin'))
  const req = await upgrade(sessions, { cookie })
  assert.equal(req.session?.views, 1)
  req.session.views = 2
  await req.session.save()
  await req.session.update((draft) => {
    draft.views = (draft.views ?? 0) + 1
  })
  assert.equal(await (await get('/show', cookie)).json(), 3)
})

test('ws: an error of the store goes to next, and what next throws does not end the process', async () => {
  const { sessions } = await serve({})
  const broken = () => Promise.reject(new Error('the store is down'))
  Object.assign(sessions.store.table, { read: broken })
  const signed = createSignatures([OPTIONS.secret]).sign('abc')
  await assert.rejects(upgrade(sessions, { cookie: `connect.sid=${encodeURIComponent(signed)}` }), /the store is down/)
  let destroyed = false
  const req = { headers: {}, url: '/', socket: { destroy: () => (destroyed = true) } }
  sessions(req as never, {} as never, () => {
    throw new TypeError('a fault of the application')
  })
  await waitUntil(() => destroyed)
})

/** As ws and Socket.IO call a middleware. */
function upgrade(
  sessions: Sessions,
  headers: object,
): Promise<IncomingMessage & { session: Session & { views?: number } }> {
  const req = { headers, url: '/', method: 'GET' }
  return new Promise((resolve, reject) =>
    sessions(req as never, {} as never, (error) => (error ? reject(error) : resolve(req as never))),
  )
}

test('without Express, a plain server gets its session, cookie and errors', async () => {
  const sessions = createSessions(OPTIONS)
  const get = await listen((req: IncomingMessage, res: ServerResponse) =>
    sessions(req as Request, res as Response, () => {
      const { session } = req as Request
      session.views = (session.views ?? 0) + 1
      if (req.url === '/odd') session.odd = 1n
      res.end(String(session.views))
    }),
  )
  const first = await get('/')
  const cookie = cookieOf(first)
  assert.equal(await (await get('/', cookie)).text(), '2')
  assert.equal((await get('/odd', cookie)).status, 500)
})

const NEVER: readonly [string, unknown][] = [
  ['expires = false', false],
  ['expires = null', null],
]
for (const [what, value] of NEVER)
  test(`cookie.${what} makes a cookie until the browser closes, and the session lives`, async () => {
    const { get } = await serve(
      {
        '/begin': (req, res) => {
          req.session.cookie.expires = value as null
          begin(req, res, () => {})
        },
        '/show': show,
      },
      { cookie: { maxAge: 60_000 } },
    )
    const response = await get('/begin')
    assert.doesNotMatch(String(response.headers.getSetCookie()), /Max-Age|Expires/)
    assert.equal(await (await get('/show', cookieOf(response))).json(), 1)
  })

for (const [what, change] of [
  ['maxAge = NaN', (req: Request) => (req.session.cookie.maxAge = Number.NaN)],
  ['maxAge = Infinity', (req: Request) => (req.session.cookie.maxAge = Number.POSITIVE_INFINITY)],
  ['maxAge = a text', (req: Request) => (req.session.cookie.maxAge = '1h' as never)],
  ['expires = a text', (req: Request) => (req.session.cookie.expires = 'soon' as never)],
  ['expires = an invalid date', (req: Request) => (req.session.cookie.expires = new Date(Number.NaN))],
] as const)
  test(`cookie.${what} throws in the handler, with a sentence`, async () => {
    const { get } = await serve({
      '/': (req, res) => {
        change(req)
        begin(req, res, () => {})
      },
    })
    const response = await get('/')
    assert.equal(response.status, 500)
    assert.match(await response.text(), /(Range|Type)Error: (cookie\.)?(maxAge|expires) must be/)
  })

for (const maxAge of [0, -5])
  test(`cookie.maxAge = ${maxAge} ends the session with this response`, async () => {
    const { get } = await serve({
      '/begin': begin,
      '/end': (req, res) => {
        req.session.cookie.maxAge = maxAge
        res.end()
      },
      '/show': show,
    })
    const cookie = cookieOf(await get('/begin'))
    const ended = await get('/end', cookie)
    assert.match(String(ended.headers.getSetCookie()), /; Max-Age=0$/)
    assert.equal(await (await get('/show', cookie)).json(), null)
  })

const unset: Readonly<Record<string, RequestHandler>> = {
  '/begin': begin,
  '/show': show,
  '/unset': (req, res) => {
    req.session = null as never
    res.end()
  },
  '/replace': (req, res) => {
    req.session = { views: 7 } as never
    res.end()
  },
}

test('req.session = null leaves the row and the cookie', async () => {
  const { get } = await serve(unset)
  const cookie = cookieOf(await get('/begin'))
  assert.deepEqual((await get('/unset', cookie)).headers.getSetCookie(), [])
  assert.equal(await (await get('/show', cookie)).json(), 1)
})

test("with unset: 'destroy', req.session = null ends the session and clears the cookie", async () => {
  const { get, sessions } = await serve(unset, { unset: 'destroy' })
  const cookie = cookieOf(await get('/begin'))
  assert.match(
    String((await get('/unset', cookie)).headers.getSetCookie()),
    /^connect\.sid=; .*Expires=Thu, 01 Jan 1970/,
  )
  assert.equal(await (await get('/show', cookie)).json(), null)
  assert.equal(await sessions.store.table.count(), 0)
})

test('another object in the place of req.session is an error with a sentence', async () => {
  const errors: unknown[] = []
  const { get } = await serve(unset, {
    onCommitError(_req, res, error) {
      errors.push(error)
      res.status(500).end()
    },
  })
  assert.equal((await get('/replace')).status, 500)
  assert.match(String(errors[0]), /req\.session was replaced: change its fields/)
})

test('after a commit that failed the handler goes on with its session, and nothing of it is written', async () => {
  const handled = Promise.withResolvers<unknown>()
  const { get, sessions } = await serve({
    '/begin': begin,
    '/stream': async (req, res) => {
      req.session.views = 2
      res.write('a piece')
      await sleep(20)
      req.session.views = 3
      handled.resolve(req.session.save().catch((error: Error) => error.message))
      res.end()
    },
    '/show': show,
  })
  const cookie = cookieOf(await get('/begin'))
  const { table } = sessions.store
  const refuse = () => Promise.reject(new Error('the store is down'))
  Object.assign(table, { update: refuse })
  assert.equal((await get('/stream', cookie)).status, 500)
  assert.equal(await handled.promise, 'the store is down')
  Object.assign(table, { update: MemoryTable.prototype.update })
  assert.equal(await (await get('/show', cookie)).json(), 1)
})

test('functions, symbols and undefined are dropped as JSON drops them, with one warning that names the path', async (t) => {
  const warnings: string[] = []
  const listener = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const odd = { f() {}, s: Symbol('s'), u: undefined, list: [() => {}, Symbol('s'), undefined, 1], deep: { f() {} } }
  const { get } = await serve({
    '/begin': (req, res) => {
      req.session.odd = odd
      begin(req, res, () => {})
    },
    '/show': (req, res) => void res.json(req.session.odd),
  })
  const cookie = cookieOf(await get('/begin'))
  assert.deepEqual(await (await get('/show', cookie)).json(), JSON.parse(JSON.stringify(odd)))
  await get('/begin')
  await waitUntil(() => warnings.length > 0)
  assert.equal(warnings.filter((text) => text.includes('"odd"."deep"."f"')).length, 1)
})

test('a nesting of 5,000 levels and a circle are an error that names the limit', async () => {
  const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`)
  const circle: Record<string, unknown> = {}
  circle.self = circle
  for (const value of [deep, [deep], circle, [circle], JSON.parse('['.repeat(5000) + ']'.repeat(5000))]) {
    const errors: unknown[] = []
    const { get } = await serve(
      {
        '/': (req, res) => {
          req.session.odd = value
          res.end()
        },
      },
      {
        onCommitError(_req, res, error) {
          errors.push(error)
          res.status(500).end()
        },
      },
    )
    assert.equal((await get('/')).status, 500)
    assert.match(String(errors[0]), /NotSerializable: .*64 levels/)
  }
})

test('of two live cookies of one name the newer session wins, and a new cookie clears the other form', async () => {
  const { get } = await serve(
    {
      '/begin': begin,
      '/show': show,
      '/rotate': async (req, res) => {
        await req.session.regenerate({ keep: true })
        res.end()
      },
      '/add': (req, res) => {
        req.session.views = 2
        res.end()
      },
    },
    { cookie: { domain: '127.0.0.1' } },
  )
  const former = cookieOf(await get('/begin'))
  const own = cookieOf(await get('/begin'))
  await get('/add', own)
  for (const header of [`${former}; ${own}`, `${own}; ${former}`])
    assert.equal(await (await get('/show', header)).json(), 2)
  const [cleared = '', set = ''] = (await get('/rotate', `${former}; ${own}`)).headers.getSetCookie()
  assert.match(cleared, /^connect\.sid=; Path=\/; Expires=Thu, 01 Jan 1970/)
  assert.match(set, /^connect\.sid=s%3A.*; Domain=127\.0\.0\.1/)
})

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    assert.ok(performance.now() < deadline, 'the condition comes true within five seconds')
    await sleep(5)
  }
}

import { createHmac } from 'node:crypto'
import express from 'express'
import { SECRET } from '../play.ts'
import type { Handler, Situation } from '../situation.ts'

const signed = (sid: string, secret = SECRET) =>
  `connect.sid=${encodeURIComponent(`s:${sid}.${createHmac('sha256', secret).update(sid).digest('base64').replace(/=+$/, '')}`)}`

/** Cookie headers that name no session. */
const NO_SESSION: Readonly<Record<string, string>> = {
  'an unsigned cookie': 'connect.sid=abc',
  'a wrong signature': 'connect.sid=s%3Aabc.def',
  'a signature of another secret': signed('abc', 'another secret'),
  'a broken escape': 'connect.sid=s%3Aabc%ZZ',
  'an empty cookie': 'connect.sid=',
  'a cookie without a value': 'connect.sid',
  'an id that no row has': signed('unknown'),
  'a cookie of 5 kB': `connect.sid=${'x'.repeat(5000)}`,
  'cookies of others': 'a=1; b=2; theme=dark',
  'a name that begins alike': 'connect.sid2=s%3Aabc.def',
  garbage: ';;;=;=a; =b;',
}

/** Cookie headers that carry the client's own cookie. */
const OWN: Readonly<Record<string, (own: string) => string>> = {
  'after other cookies': (own) => `a=1; b=2; ${own}`,
  'before other cookies': (own) => `${own}; a=1`,
  'without spaces': (own) => `a=1;${own};b=2`,
  'in quotation marks': (own) => own.replace(/=(.*)/, '="$1"'),
  'after an unsigned cookie of another name': (own) => `connect.sid2=1; ${own}`,
}

const PIECES = '`end()` of a changed session is sent in pieces'

const RESPONSES: Readonly<Record<string, Handler | readonly [Handler, differs: string]>> = {
  json: (_req, res) => void res.json({ a: 1 }),
  send: (_req, res) => void res.send('text'),
  'end without a body': [(_req, res) => void res.end(), PIECES],
  'end with a body': [(_req, res) => void res.end('body'), PIECES],
  'write and end': (_req, res) => {
    res.write('a')
    res.end('b')
  },
  'write in pieces': (_req, res) => {
    for (const piece of ['a', 'b', 'c']) res.write(piece)
    res.end()
  },
  flushHeaders: (_req, res) => {
    res.flushHeaders()
    res.end('body')
  },
  writeHead: (_req, res) => void res.writeHead(201, { 'X-Own': 'a' }).end('body'),
  'writeHead with a cookie': (_req, res) => void res.writeHead(200, { 'X-Own': 'a' }).end('body'),
  'a cookie of the handler': [(_req, res) => void res.cookie('theme', 'dark').end(), PIECES],
  'a content length': (_req, res) => void res.set('Content-Length', '4').end('body'),
  'a redirect': (_req, res) => void res.redirect('/show'),
  'a redirect by POST': (_req, res) => void res.redirect(303, '/show'),
  '204': (_req, res) => void res.status(204).end(),
  '304': (_req, res) => void res.status(304).end(),
  '404': (_req, res) => void res.status(404).send('none'),
  '500': (_req, res) => void res.status(500).send('fault'),
  'a buffer': (_req, res) => void res.send(Buffer.from('bytes')),
  sendStatus: (_req, res) => void res.sendStatus(202),
  'a thrown error': () => {
    throw new Error('as expected')
  },
  'a rejected promise': async () => {
    throw new Error('as expected')
  },
  'an answer later': async (_req, res) => {
    await new Promise((resolve) => setImmediate(resolve))
    res.send('late')
  },
  'a callback of end': [(_req, res) => void res.end('body', () => {}), PIECES],
}

const changing =
  (respond: Handler): Handler =>
  (req, res) => {
    req.session.views = 1
    return respond(req, res)
  }

const promised = (work: (done: (error: unknown, value?: unknown) => void) => void) =>
  new Promise((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value ?? null))))

/** The store's methods, by id. */
const BY_ID: Readonly<Record<string, Handler | readonly [Handler, differs: string]>> = {
  get: async (req) => {
    const found = (await promised((done) => req.sessionStore.get(req.sessionID, done))) as { views: number }
    return { views: found.views }
  },
  'get of none': async (req) => ({ found: await promised((done) => req.sessionStore.get('none', done)) }),
  length: async (req) => ({ length: await promised((done) => req.sessionStore.length?.(done) ?? done(null, 1)) }),
  'set of another id': async (req) => {
    const data = { views: 5, cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) } }
    await promised((done) => req.sessionStore.set('other', data, done))
    const found = (await promised((done) => req.sessionStore.get('other', done))) as { views: number }
    return { views: found.views }
  },
  'set twice': async (req) => {
    for (const views of [5, 6]) {
      const data = { views, cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) } }
      await promised((done) => req.sessionStore.set('other', data, done))
    }
    const found = (await promised((done) => req.sessionStore.get('other', done))) as { views: number }
    return { views: found.views }
  },
  'get, change, set': async (req) => {
    const data = { views: 5, cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) } }
    await promised((done) => req.sessionStore.set('other', data, done))
    const found = (await promised((done) => req.sessionStore.get('other', done))) as { views: number }
    found.views = 8
    await promised((done) => req.sessionStore.set('other', found, done))
    return {}
  },
  'destroy of another id': async (req) => ({ done: await promised((done) => req.sessionStore.destroy('none', done)) }),
  touch: async (req) => ({ done: await promised((done) => req.sessionStore.touch(req.sessionID, req.session, done)) }),
  'set after destroy': [
    async (req) => {
      const data = { views: 5, cookie: { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) } }
      await promised((done) => req.sessionStore.set('other', data, done))
      await promised((done) => req.sessionStore.destroy('other', done))
      await promised((done) => req.sessionStore.set('other', data, done)).catch(() => {})
      return {}
    },
    'a save after a destroy restores the session',
  ],
}

export const CLIENT_SITUATIONS: readonly Situation[] = [
  ...Object.entries(NO_SESSION).map(([what, cookie]) => ({
    title: `${what} is no session, and a change begins one`,
    steps: [{ path: '/show', cookie }, { path: '/begin', cookie }, '/show'],
  })),
  ...Object.entries(OWN).map(([where, cookie]) => ({
    title: `the client's cookie ${where}`,
    steps: ['/begin', { path: '/show', cookie }, { path: '/count', cookie }],
  })),
  ...Object.entries(RESPONSES).flatMap(([what, entry]) => {
    const [respond, differs] = typeof entry === 'function' ? [entry] : entry
    return ['GET', 'HEAD'].map((method) => ({
      title: `${method} answered by ${what}`,
      handlers: { answer: changing(respond) },
      steps: [{ path: '/answer', method }, '/show'],
      ...(differs !== undefined && method === 'GET' && { differs }),
    }))
  }),
  ...Object.entries(BY_ID).map(([method, entry]) => {
    const [handler, differs] = typeof entry === 'function' ? [entry] : entry
    return {
      title: `by id: ${method}`,
      options: { cookie: { maxAge: 86_400_000 } },
      handlers: { work: handler },
      steps: ['/begin', '/work', '/show'],
      ...(differs !== undefined && { differs }),
    }
  }),
  { title: 'ids of a registration and a rotation', steps: ['/begin', '/id', '/rotate', '/id', '/count', '/id'] },
  {
    title: 'the old id after a rotation is no session',
    steps: ['/begin', { path: '/rotate', cookie: (own) => own }, '/show'],
  },
  {
    title: 'a session that was destroyed is none',
    steps: ['/begin', '/end', '/show', '/begin', '/show'],
    differs: '`destroy()` leaves the cookie',
  },
  {
    title: 'two middlewares: the first counts',
    before: (_req, _res, next) => next(),
    steps: ['/begin', '/show'],
  },
  {
    title: 'a body parser before the sessions',
    before: express.json(),
    steps: [{ path: '/begin', method: 'POST', headers: { 'content-type': 'application/json' } }, '/show'],
  },
  {
    title: 'a response that has begun before the sessions',
    before: (req, res, next) => {
      if (req.path === '/begin') res.flushHeaders()
      next()
    },
    handlers: {
      begin(req, res) {
        req.session.views = 1
        res.end('late')
      },
    },
    steps: ['/begin', '/show'],
    differs: 'what was changed after the response has begun is saved',
  },
]

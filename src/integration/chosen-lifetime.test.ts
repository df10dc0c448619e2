import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import connectPgSimple from 'connect-pg-simple'
import express, { type Request } from 'express'
import expressSession from 'express-session'
import { createHttpClient, type HttpClient } from '../../test-support/http-client.ts'
import { createSessions } from '../sessions/sessions.ts'
import type { TestDatabase } from '../sessions/testing/test-database.ts'
import { freshDatabase } from '../testing/fresh-database.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let database: TestDatabase
let server: Server
let paused: Promise<void> | undefined
let onPaused = () => {}

before(async () => {
  database = await freshDatabase()
  const sessions = createSessions({ pool: database.pool, secret: 'a secret of this test, long enough' })
  const app = express().use(sessions.middleware())
  app.get('/sign-in', async (req, res) => {
    req.session.account = 'ada'
    // As Passport does, before the application says how long the browser is to be remembered.
    await req.session.save()
    choose(req)
    res.end()
  })
  app.get('/choose', (req, res) => {
    choose(req)
    res.end()
  })
  app.get('/read', (_req, res) => void res.end())
  app.get('/slow-read', async (_req, res) => {
    onPaused()
    await paused
    res.end()
  })
  app.get('/slow-count', async (req, res) => {
    onPaused()
    await paused
    req.session.count = (req.session.count ?? 0) + 1
    res.end()
  })
  server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(async () => {
  server.close().closeAllConnections()
  await database.drop()
})

test('a shorter lifetime chosen after save() holds for row and cookie, now and later', async () => {
  const ada = visitor()
  assert.equal(maxAgeSent(await ada.get(`/sign-in?maxAge=${HOUR}`)), HOUR)
  await expectRow(HOUR)
  await age('50 minutes')
  assert.equal(maxAgeSent(await ada.get('/read')), HOUR)
  await expectRow(HOUR)
})

test('a lifetime chosen for a live session moves row and cookie, in both directions', async () => {
  const ada = visitor()
  await ada.get(`/sign-in?maxAge=${DAY}`)
  for (const lifetime of [HOUR, 60 * DAY, 2 * HOUR]) {
    assert.equal(maxAgeSent(await ada.get(`/choose?maxAge=${lifetime}`)), lifetime)
    await expectRow(lifetime)
    assert.equal(maxAgeSent(await ada.get('/read')), undefined)
  }
})

test('a chosen lifetime never passes the absolute expiry', async () => {
  const ada = visitor()
  await ada.get(`/sign-in?maxAge=${DAY}`)
  await ada.get(`/choose?maxAge=${300 * DAY}`)
  await expectRow(90 * DAY, 300 * DAY)
})

test('a request in flight with the previous lifetime does not bring it back', async () => {
  for (const path of ['/slow-read', '/slow-count']) {
    const ada = visitor()
    await ada.get(`/sign-in?maxAge=${30 * DAY}`)
    await age('2 hours')
    const slow = visitor(ada)
    const reached = new Promise<void>((resolve) => {
      onPaused = resolve
    })
    let go = () => {}
    paused = new Promise((resolve) => {
      go = resolve
    })
    const under = slow.get(path)
    await reached
    await ada.get(`/choose?maxAge=${HOUR}`)
    go()
    const answer = await under
    assert.ok([undefined, HOUR].includes(maxAgeSent(answer)), 'the cookie keeps the life that was chosen')
    await expectRow(HOUR)
  }
})

test('stock express-session reads the chosen lifetime', async () => {
  const ada = visitor()
  await ada.get(`/sign-in?maxAge=${HOUR}`)
  const { rows } = await database.pool.query('SELECT sid FROM session ORDER BY absolute_expire DESC LIMIT 1')
  const stock = new (connectPgSimple(expressSession))({ pool: database.pool, pruneSessionInterval: false })
  const data = await new Promise<expressSession.SessionData | null | undefined>((resolve, reject) =>
    stock.get(rows[0].sid, (error, session) => (error ? reject(error) : resolve(session))),
  )
  assert.equal(data?.cookie.originalMaxAge, HOUR)
})

function choose(req: Request): void {
  req.session.cookie.maxAge = Number(req.query.maxAge)
}

function visitor(like?: HttpClient): HttpClient {
  const { port } = server.address() as AddressInfo
  const browser = createHttpClient(`http://127.0.0.1:${port}`)
  for (const [name, value] of like?.cookies ?? []) browser.cookies.set(name, value)
  return browser
}

function maxAgeSent({ headers }: { headers: Readonly<Record<string, string | string[] | undefined>> }) {
  const [, seconds] = /Max-Age=(\d+)/.exec(String(headers['set-cookie'])) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

async function age(interval: string): Promise<void> {
  await database.pool.query(
    'UPDATE session SET expire = expire - $1::interval, absolute_expire = absolute_expire - $1::interval',
    [interval],
  )
}

async function expectRow(remaining: number, lifetime = remaining): Promise<void> {
  const { rows } = await database.pool.query(`
    SELECT date_part('epoch', expire AT TIME ZONE session_zone() - now()) * 1000 AS left,
           (sess -> 'cookie' ->> 'originalMaxAge')::float8 AS life
      FROM session ORDER BY absolute_expire DESC LIMIT 1`)
  assert.ok(Math.abs(rows[0].left - remaining) < 60_000, `${rows[0].left} ms are left, not ${remaining}`)
  assert.ok(Math.abs(rows[0].life - lifetime) < 1000, `the row says ${rows[0].life} ms, not ${lifetime}`)
}

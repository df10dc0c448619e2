import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import express from 'express'
import { createSessions } from '../sessions.ts'
import { createSignatures } from './session-cookie.ts'

/** Each form in which Node's writeHead accepts the application's Set-Cookie. */
const HEADS: Readonly<Record<string, (res: ServerResponse) => unknown>> = {
  'an object': (res) => res.writeHead(200, { 'Set-Cookie': 'theme=dark' }),
  'an object in lower case, with a reason': (res) => res.writeHead(200, 'Fine', { 'set-cookie': 'theme=dark' }),
  'an object with a list': (res) => res.writeHead(200, { 'Set-Cookie': ['theme=dark', 'size=big'] }),
  'a flat list': (res) => res.writeHead(200, ['Set-Cookie', 'theme=dark']),
  'a flat list that names it twice': (res) =>
    res.writeHead(200, ['Set-Cookie', 'theme=dark', 'Set-Cookie', 'size=big']),
  'a flat list with a reason': (res) => res.writeHead(200, 'Fine', ['set-cookie', 'theme=dark']),
  'a list of pairs': (res) => res.writeHead(200, [['Set-Cookie', 'theme=dark']] as never),
  'no reason, but its place': (res) => res.writeHead(200, undefined as never, { 'Set-Cookie': 'theme=dark' }),
  'set before, and again': (res) =>
    res.setHeader('Set-Cookie', 'theme=light').writeHead(200, { 'Set-Cookie': 'theme=dark' }),
}

const OLD = 'the old secret of this test, long enough'
const sessions = createSessions({
  pool: 'memory',
  secret: ['the new secret of this test, long enough', OLD],
  name: 'sid',
  cookie: { maxAge: 30 * 86_400_000 },
})
const app = express().use(sessions.middleware())
for (const [index, head] of Object.values(HEADS).entries()) {
  app.get(`/set/${index}`, (req, res) => {
    req.session.account = 'ada'
    head(res)
    res.end('')
  })
  app.get(`/clear/${index}`, async (req, res) => {
    await req.session.destroy()
    head(res)
    res.end('')
  })
  app.get(`/read/${index}`, (_req, res) => {
    head(res)
    res.end('')
  })
  app.get(`/fail/${index}`, (req, res) => {
    req.session.account = 'x'.repeat(200_000)
    head(res)
    res.end('')
  })
}
app.get('/account', (req, res) => void res.send(req.session.account ?? 'nobody'))
const server = createServer(app)

before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
after(() => server.close().closeAllConnections())

for (const [index, form] of Object.keys(HEADS).entries()) {
  test(`${form}: the session's cookie and the application's are both sent`, async () => {
    const { cookies, sid } = await ask(`/set/${index}`)
    assert.deepEqual(namesOf(cookies), [...others(form), 'sid'])
    assert.ok(!cookies.includes('theme=light'))
    assert.equal((await ask('/account', sid)).text, 'ada')
  })

  test(`${form}: a cookie that is cleared or touched is sent beside it, too`, async () => {
    const { sid } = await ask(`/set/${index}`)
    const renewed = await ask(`/read/${index}`, signedBefore(sid))
    assert.deepEqual(namesOf(renewed.cookies), [...others(form), 'sid'])
    const cleared = await ask(`/clear/${index}`, sid)
    assert.deepEqual(namesOf(cleared.cookies), [...others(form), 'sid'])
    assert.equal((await ask('/account', sid)).text, 'nobody')
  })

  test(`${form}: a failed commit sends neither cookie`, async () => {
    const { status, cookies } = await ask(`/fail/${index}`)
    assert.deepEqual([status, cookies], [413, []])
  })
}

/** The session's cookie signed with the old secret, which the next response replaces. */
function signedBefore(cookie = ''): string {
  const id = decodeURIComponent(cookie).slice('sid=s:'.length).split('.')[0] ?? ''
  return `sid=${encodeURIComponent(createSignatures([OLD]).sign(id))}`
}

function others(form: string): readonly string[] {
  return form.includes('twice') || form.endsWith('with a list') ? ['theme', 'size'] : ['theme']
}

function namesOf(cookies: readonly string[]): readonly (string | undefined)[] {
  return cookies.map((cookie) => cookie.split('=')[0])
}

async function ask(path: string, cookie = '') {
  const { port } = server.address() as AddressInfo
  const request = get({ host: '127.0.0.1', port, path, agent: false, headers: { cookie } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const cookies = response.headers['set-cookie'] ?? []
  return {
    status: response.statusCode,
    cookies,
    text,
    sid: cookies.find((each) => each.startsWith('sid='))?.split(';')[0],
  }
}

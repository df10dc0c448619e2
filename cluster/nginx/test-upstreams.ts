import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { type Nginx, type NginxOptions, startNginx } from './nginx.ts'

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const one = new Agent({ keepAlive: true, maxSockets: 1 })

/** A small real server until the test ends; its address. */
export async function replica(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers with its name, and with the headers that reached it. */
export const named = (t: TestContext, name: string) =>
  replica(t, (req, res) => {
    req.resume().on('end', () => res.setHeader('X-Served-By', name).end(JSON.stringify(req.headers)))
  })

/** A real nginx until the test ends; `log` stops it first, for it writes a line only after the answer has gone. */
export async function nginx(t: TestContext, options: Partial<NginxOptions> & Pick<NginxOptions, 'upstreams'>) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const front = await startNginx({ folder, port: 0, ...options })
  t.after(() => front.stop())
  return { front, log: () => front.stop().then(() => lines(join(folder, 'access.log'))) }
}

const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map(parsed)

const parsed = (line: string) => JSON.parse(line) as Record<string, unknown>

/** One request over the one connection that all share. */
export async function ask(front: Nginx, path = '/', headers = {}, body?: string): Promise<Answer> {
  const req = request(front.url + path, { agent: one, headers, method: body === undefined ? 'GET' : 'POST' })
  req.end(body)
  const [res] = (await once(req, 'response')) as [IncomingMessage]
  return { status: res.statusCode, headers: res.headers, body: await text(res) }
}

/** What comes back for a head that no client would send. */
export async function raw(front: Nginx, head: string): Promise<string> {
  const socket = connect(Number(new URL(front.url).port), '127.0.0.1')
  socket.write(head)
  return text(socket)
}

/** Who answered, request by request. */
export async function names(front: Nginx, count: number): Promise<string> {
  let seen = ''
  for (let i = 0; i < count; i++) seen += (await ask(front)).headers['x-served-by']
  return seen
}

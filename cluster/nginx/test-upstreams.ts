import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createHttpClient, type HttpClient } from '../../test-support/http-client.ts'
import { sendRaw } from '../../test-support/raw-http.ts'
import { type Nginx, type NginxOptions, startNginx } from './nginx.ts'

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** One connection for each nginx. */
const clients = new Map<string, HttpClient>()

/** A real server until the test ends. Returns its address. */
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

/** Responds with its name and the received headers. */
export const named = (t: TestContext, name: string) =>
  replica(t, (req, res) => {
    req.resume().on('end', () => res.setHeader('X-Served-By', name).end(JSON.stringify(req.headers)))
  })

/** A real nginx until the test ends. `log` stops it first: it logs after the response. */
export async function nginx(t: TestContext, options: Partial<NginxOptions> & Pick<NginxOptions, 'upstreams'>) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-test-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const front = await startNginx({ folder, port: 0, ...options })
  t.after(() => front.stop())
  return { front, log: () => front.stop().then(() => lines(join(folder, 'access.log'))) }
}

const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map(parsed)

const parsed = (line: string) => JSON.parse(line) as Record<string, unknown>

/** Over the one connection to this nginx. */
export async function ask(front: Nginx, path = '/', headers = {}, body?: string): Promise<Answer> {
  const client = clients.get(front.url) ?? createHttpClient(front.url)
  clients.set(front.url, client)
  const response = await client.send(body === undefined ? 'GET' : 'POST', path, body, { headers })
  return { status: response.status, headers: response.headers, body: response.text }
}

/** The response to a raw request. */
export async function raw(front: Nginx, head: string): Promise<string> {
  return await sendRaw(front.url, head)
}

/** The replicas' names, request by request. */
export async function names(front: Nginx, count: number): Promise<string> {
  let seen = ''
  for (let i = 0; i < count; i++) seen += (await ask(front)).headers['x-served-by']
  return seen
}

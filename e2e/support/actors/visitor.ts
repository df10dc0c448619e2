import http from 'node:http'
import https from 'node:https'
import { createClock } from './clock.ts'
import { createJar, type Jar } from './cookie-jar.ts'
import type { Response } from './response.ts'

export interface VisitorOptions {
  readonly name: string
  /** Where the site is: nginx's address, or a replica's own. */
  readonly url: string
  readonly jar?: Jar
  /** `kept`: one connection for all requests (default); `fresh`: a new one for each. */
  readonly connection?: 'kept' | 'fresh'
  /** The client's own address, 127.0.0.x, so that nginx sees several. */
  readonly localAddress?: string
  /** As `from`, said by a gateway that the site trusts: where the client's own address does not get through. */
  readonly forwardedFor?: string
  /** Milliseconds until a silent request is given up; 15,000 unless told. */
  readonly timeoutMs?: number
}

export interface RequestOptions {
  /** Asks for JSON, and sends a body as JSON. */
  readonly json?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Goes on as soon as the head of the answer is there, as a browser does that is redirected; the text is empty then. */
  readonly resolveOnHeaders?: boolean
}

/** A person with a browser: cookies, a connection, no memory of replicas. */
export interface Visitor {
  readonly name: string
  readonly url: string
  readonly jar: Jar
  /** Redirects are not followed. */
  get(path: string, extras?: RequestOptions): Promise<Response>
  /** Sends a form as a browser does, or JSON. */
  post(path: string, form: Readonly<Record<string, unknown>>, extras?: RequestOptions): Promise<Response>
  /** Sends any body, as it stands. */
  send(method: string, path: string, body?: string | Buffer, extras?: RequestOptions): Promise<Response>
  /** The same browser at another address, with a new connection for each request. */
  at(url: string): Visitor
  /** Closes the connections. */
  close(): void
}

export function createVisitor({ name, url, jar = jarFor(url), ...line }: VisitorOptions): Visitor {
  const agent = new (wayTo(url).Agent)({
    keepAlive: line.connection !== 'fresh',
    maxSockets: 1,
    ...(line.localAddress !== undefined && { localAddress: line.localAddress }),
  })
  const timeoutMs = line.timeoutMs ?? 15_000
  const others: Visitor[] = []
  const send = async (method: string, path: string, body?: string | Buffer, extras: RequestOptions = {}) => {
    const address = new URL(url)
    const spoken = line.forwardedFor === undefined ? {} : { 'x-forwarded-for': line.forwardedFor }
    const cookie = cookieHeader(jar, new URL(path, url))
    const headers = { ...browserHeaders(method, extras), ...spoken, ...cookie, ...extras.headers }
    const answer = await exchange({
      name,
      address,
      method,
      path,
      headers,
      body,
      agent,
      timeoutMs,
      resolveOnHeaders: extras.resolveOnHeaders === true,
    })
    jar.take(answer.cookies, new URL(path, url))
    return answer
  }
  return {
    name,
    url,
    jar,
    send,
    get: (path, extras) => send('GET', path, undefined, extras),
    post: (path, form, extras) =>
      send('POST', path, extras?.json ? JSON.stringify(form) : encoded(form), typed(extras)),
    at(elsewhere) {
      // Idle connections of its own would keep a replica that drains waiting for its time limit.
      const other = createVisitor({ name, url: elsewhere, jar, ...line, connection: 'fresh' })
      others.push(other)
      return other
    },
    close() {
      agent.destroy()
      for (const other of others) other.close()
    },
  }
}

function jarFor(url: string): Jar {
  return createJar(createClock(), { secure: url.startsWith('https:') })
}

function wayTo(url: string | URL): typeof http | typeof https {
  return String(url).startsWith('https:') ? https : http
}

function browserHeaders(method: string, { json }: RequestOptions): Record<string, string> {
  const accept = json ? 'application/json' : 'text/html,application/xhtml+xml,*/*;q=0.8'
  return { accept, ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin' }) }
}

function cookieHeader(jar: Jar, address: URL): Record<string, string> {
  const cookie = jar.header(address)
  return cookie === undefined ? {} : { cookie }
}

function encoded(form: Readonly<Record<string, unknown>>): string {
  return new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])).toString()
}

function typed(extras: RequestOptions = {}): RequestOptions {
  const type = extras.json ? 'application/json' : 'application/x-www-form-urlencoded'
  return { ...extras, headers: { 'content-type': type, ...extras.headers } }
}

interface Question {
  readonly name: string
  readonly address: URL
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: string | Buffer | undefined
  readonly agent: http.Agent
  readonly timeoutMs: number
  readonly resolveOnHeaders: boolean
}

function exchange({
  name,
  address,
  method,
  path,
  headers,
  body,
  agent,
  timeoutMs,
  resolveOnHeaders,
}: Question): Promise<Response> {
  const question = `${name}: ${method} ${path.length > 80 ? `${path.slice(0, 80)}…` : path}`
  const began = performance.now()
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(new Error(`${question} at ${address.host}: ${error.message}`, { cause: error }))
    // The path goes out as it stands: a URL would tidy up what a scenario spoilt on purpose.
    const { hostname, port } = address
    const request = wayTo(address).request({ hostname, port, method, path, agent, headers: { ...headers, ...length } })
    request.setTimeout(timeoutMs, () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    request.once('error', fail)
    request.once('response', (response) => {
      const connection = response.socket.localPort
      const answered = (text: string) =>
        resolve(answerOf(response, { request: question, text, connection, durationMs: performance.now() - began }))
      if (resolveOnHeaders) answered('')
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.once('error', fail)
      response.once('end', () => answered(Buffer.concat(chunks).toString()))
    })
    request.end(body)
  })
}

type Circumstances = Pick<Response, 'request' | 'text' | 'connection' | 'durationMs'>

function answerOf({ statusCode = 0, headers }: http.IncomingMessage, circumstances: Circumstances): Response {
  return {
    ...circumstances,
    status: statusCode,
    headers,
    cookies: headers['set-cookie'] ?? [],
    replica: headers['x-served-by'] as string | undefined,
    requestId: headers['x-request-id'] as string | undefined,
  }
}

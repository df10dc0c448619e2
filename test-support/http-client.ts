import type { IncomingHttpHeaders } from 'node:http'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { type CookieJar, createCookieJar } from './cookie-jar.ts'

/** A response as a test reads it. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed JSON; undefined for a page. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for
  readonly body: any
  /** The Set-Cookie lines. */
  readonly cookies: readonly string[]
  /** The client's port: two responses with the same one came over the same connection. */
  readonly connection: number | undefined
  readonly durationMs: number
}

export interface RequestOptions {
  /** Sends and accepts JSON instead of a form and a page. */
  readonly json?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, in place of the fields. */
  readonly raw?: string | Buffer
  /** Resolves before the body, as a browser that follows a redirect; the text is empty then. */
  readonly resolveOnHeaders?: boolean
}

export interface HttpClientOptions {
  readonly cookies?: CookieJar
  /** One connection for all requests (default), or a new one for each. */
  readonly keepAlive?: boolean
  /** The client's own address, 127.0.0.x, so that the server sees several clients. */
  readonly localAddress?: string
  /** Time limit of one request; default 15,000. */
  readonly timeoutMs?: number
}

/** A browser: cookies of its own, one request at a time. Redirects are not followed. */
export interface HttpClient {
  readonly cookies: CookieJar
  get(path: string, options?: RequestOptions): Promise<HttpResponse>
  /** Sends the fields as a form, or as JSON. */
  post(path: string, fields?: object, options?: RequestOptions): Promise<HttpResponse>
  /** Sends the path and the body as they are. Rejects with the method, the path and the cause. */
  send(method: string, path: string, body?: string | Buffer, options?: RequestOptions): Promise<HttpResponse>
  /** Closes the connection. */
  close(): void
}

const ACCEPT_PAGE = 'text/html,application/xhtml+xml,*/*;q=0.8'
const IDLE_CONNECTION_MS = 60_000

/** `url`: the origin, `http://127.0.0.1:8080`; HTTPS trusts what NODE_EXTRA_CA_CERTS names. */
export function createHttpClient(url: string, options: HttpClientOptions = {}): HttpClient {
  const { timeoutMs = 15_000 } = options
  const cookies = options.cookies ?? createCookieJar(undefined, { secure: url.startsWith('https:') })
  const { client, port } = connectionTo(url, options)
  const send: HttpClient['send'] = async (method, path, body, { json, headers, resolveOnHeaders } = {}) => {
    const address = new URL(path, url)
    const cookie = cookies.header(address)
    const sent = { accept: json ? 'application/json' : ACCEPT_PAGE, ...(cookie && { cookie }), ...headers }
    const signal = AbortSignal.timeout(timeoutMs)
    const start = performance.now()
    try {
      // undici sends the path as it is; a URL would normalise a malformed one.
      const request = { method: method as Dispatcher.HttpMethod, path, headers: sent, body: body ?? null, signal }
      const response = await client.request(request)
      // Of this response: the next one may come over another connection.
      const connection = port()
      const text = resolveOnHeaders ? discard(response.body) : await response.body.text()
      const result = { ...headOf(response), text, body: parsed(response, text), connection }
      cookies.take(result.cookies, address)
      return { ...result, durationMs: performance.now() - start }
    } catch (error) {
      const message = signal.aborted ? `no answer within ${timeoutMs} ms` : (error as Error).message
      throw new Error(`${method} ${shortened(path)} at ${new URL(url).host}: ${message}`, { cause: error })
    }
  }
  return {
    cookies,
    send,
    get: (path, extras) => send('GET', path, undefined, extras),
    post: (path, fields, extras) => send('POST', path, ...encodeFields(fields, extras)),
    close: () => void client.destroy().catch(() => {}),
  }
}

/** One GET over a connection of its own, which does not stay open. */
export async function getOnce(
  url: string,
  { timeoutMs = 15_000, headers = {} }: Pick<HttpClientOptions, 'timeoutMs'> & Pick<RequestOptions, 'headers'> = {},
): Promise<HttpResponse> {
  const { origin, pathname, search } = new URL(url)
  const client = createHttpClient(origin, { keepAlive: false, timeoutMs })
  try {
    return await client.get(pathname + search, { headers })
  } finally {
    client.close()
  }
}

/** The body for these fields, and the options that announce its type. */
export function encodeFields(fields: object = {}, options: RequestOptions = {}): [string | Buffer, RequestOptions] {
  const type = options.json ? 'application/json' : 'application/x-www-form-urlencoded'
  const body = options.raw ?? (options.json ? JSON.stringify(fields) : formOf(fields))
  return [body, { ...options, headers: { 'content-type': type, ...options.headers } }]
}

/** A path in an error message. */
export function shortened(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path
}

function connectionTo(url: string, { keepAlive = true, localAddress }: HttpClientOptions) {
  let port: number | undefined
  const connect = buildConnector({ allowH2: false })
  const client = new Client(url, {
    ...(localAddress !== undefined && { localAddress }),
    connect(options, callback) {
      connect(options, (...[error, socket]) => {
        port = socket?.localPort
        if (error === null) callback(null, socket)
        else callback(error, null)
      })
    },
    pipelining: keepAlive ? 1 : 0,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return { client, port: () => port }
}

function headOf({ statusCode, headers }: Dispatcher.ResponseData) {
  const cookies = [headers['set-cookie'] ?? []].flat()
  // As node:http has them: values of a repeated header are joined.
  const joined = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value])
  const lines = cookies.length === 0 ? {} : { 'set-cookie': cookies }
  return { status: statusCode, headers: { ...Object.fromEntries(joined), ...lines } as IncomingHttpHeaders, cookies }
}

function parsed({ headers }: Dispatcher.ResponseData, text: string): unknown {
  return text !== '' && /json/.test(String(headers['content-type'])) ? JSON.parse(text) : undefined
}

/** Reads on, so that the connection is free for the next request. */
function discard(body: Dispatcher.ResponseData['body']): string {
  body.on('error', () => {}).resume()
  return ''
}

function formOf(fields: object): string {
  return new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString()
}

import { Agent, request } from 'node:http'

/** An answer as a test reads it; redirects are not followed. */
export interface TestResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The JSON that came; undefined for a page. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for
  readonly body: any
}

export interface RequestOptions {
  /** Sends and asks for JSON instead of a form and a page. */
  readonly json?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, in place of fields. */
  readonly raw?: string | Buffer
}

/** Somebody with cookies of their own and one connection. */
export interface HttpClient {
  /** By name; a test may plant or take one. */
  readonly cookies: Map<string, string>
  get(path: string, options?: RequestOptions): Promise<TestResponse>
  post(path: string, fields?: object, options?: RequestOptions): Promise<TestResponse>
  send(method: string, path: string, body: string | Buffer | undefined, options?: RequestOptions): Promise<TestResponse>
  close(): void
}

export function createHttpClient(url: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const cookies = new Map<string, string>()
  const send: HttpClient['send'] = async (method, path, body, options = {}) => {
    const headers = {
      ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
      accept: options.json ? 'application/json' : 'text/html',
      ...options.headers,
    }
    const answer = await exchange(url + path, method, headers, body, agent)
    keep(cookies, [answer.headers['set-cookie'] ?? []].flat())
    return answer
  }
  return {
    cookies,
    get: (path, options) => send('GET', path, undefined, options),
    post(path, fields = {}, options = {}) {
      const type = options.json ? 'application/json' : 'application/x-www-form-urlencoded'
      const body =
        options.raw ??
        (options.json ? JSON.stringify(fields) : new URLSearchParams(fields as Record<string, string>).toString())
      return send('POST', path, body, { ...options, headers: { 'content-type': type, ...options.headers } })
    },
    send,
    close: () => agent.destroy(),
  }
}

function exchange(
  url: string,
  method: string,
  headers: object,
  body: string | Buffer | undefined,
  agent: Agent,
): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers }, agent }, async (res) => {
      const text = (await res.toArray()).join('')
      const isJson = text !== '' && /json/.test(res.headers['content-type'] ?? '')
      resolve({ status: res.statusCode ?? 0, headers: res.headers, text, body: isJson ? JSON.parse(text) : undefined })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

function keep(cookies: Map<string, string>, lines: readonly string[]): void {
  for (const line of lines) {
    const [pair = '', ...attributes] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    const expires = attributes.find((attribute) => /^\s*expires=/i.test(attribute))?.split('=')[1]
    if (expires !== undefined && Date.parse(expires) <= Date.now()) cookies.delete(name)
    else cookies.set(name, pair.slice(pair.indexOf('=') + 1))
  }
}

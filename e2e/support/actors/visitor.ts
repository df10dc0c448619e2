import { type CookieJar, createCookieJar } from '../../../test-support/cookie-jar.ts'
import {
  createHttpClient,
  encodeFields,
  type HttpClientOptions,
  type RequestOptions,
  shortened,
} from '../../../test-support/http-client.ts'
import type { Response } from './response.ts'

export interface VisitorOptions extends HttpClientOptions {
  readonly name: string
  /** The site's address: nginx's, or a replica's own. */
  readonly url: string
  readonly jar?: CookieJar
  /** The client's address as a trusted gateway reports it, where the site sees the gateway's. */
  readonly forwardedFor?: string
}

/** A person with a browser: a cookie jar and a connection. Redirects are not followed. */
export interface Visitor {
  readonly name: string
  readonly url: string
  readonly jar: CookieJar
  get(path: string, options?: RequestOptions): Promise<Response>
  /** Sends a form as a browser does, or JSON. */
  post(path: string, form: Readonly<Record<string, unknown>>, options?: RequestOptions): Promise<Response>
  /** Sends any body as it is. */
  send(method: string, path: string, body?: string | Buffer, options?: RequestOptions): Promise<Response>
  /** The same browser at another address, with a new connection for each request. */
  at(url: string): Visitor
  /** Closes the connections. */
  close(): void
}

export function createVisitor(given: VisitorOptions): Visitor {
  const { name, url, forwardedFor, ...options } = given
  const jar = options.jar ?? createCookieJar(undefined, { secure: url.startsWith('https:') })
  const client = createHttpClient(url, { ...options, cookies: jar })
  const others: Visitor[] = []
  const send: Visitor['send'] = async (method, path, body, extras = {}) => {
    const headers = {
      ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin' }),
      ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
      ...extras.headers,
    }
    try {
      const response = await client.send(method, path, body, { ...extras, headers })
      return {
        ...response,
        request: `${name}: ${method} ${shortened(path)}`,
        replica: response.headers['x-served-by'] as string | undefined,
        requestId: response.headers['x-request-id'] as string | undefined,
      }
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  return {
    name,
    url,
    jar,
    send,
    get: (path, extras) => send('GET', path, undefined, extras),
    post: (path, form, extras) => send('POST', path, ...encodeFields(form, extras)),
    at(elsewhere) {
      // Idle connections of its own would keep a draining replica waiting until its time limit.
      const other = createVisitor({ ...given, url: elsewhere, jar, keepAlive: false })
      others.push(other)
      return other
    },
    close() {
      client.close()
      for (const other of others) other.close()
    },
  }
}

import { generateLoad, prepareRequest } from '../../../test-support/load-generator.ts'

export interface ContainerLoad {
  /** A replica's own address. */
  readonly url: string
  /** A signed-in user's; every second request is a visitor's. */
  readonly cookie: string
  readonly requests: number
}

const CONNECTIONS = 32
const PATHS = ['/', '/shop', '/account', '/basket', '/api/session']

export interface ContainerLoadResult {
  /** Responses a second. */
  readonly rate: number
  /** Responses other than 200: a machine that is busy otherwise may bring some 503. */
  readonly failures: number
}

/** Requests pages over many connections at once, and never signs in. */
export async function runLoad({ url, cookie, requests }: ContainerLoad): Promise<ContainerLoadResult> {
  const { hostname: host, port } = new URL(url)
  // Twice the paths: each is requested by the user and, except /account, by a visitor.
  const prepared = [...PATHS, ...PATHS].map((path, index) => {
    const isSignedIn = index % 2 === 0 || path === '/account'
    return prepareRequest('GET', path, isSignedIn ? `Cookie: ${cookie}\r\n` : '')
  })
  const options = { host, port: Number(port), connections: CONNECTIONS, requests: prepared }
  const begin = performance.now()
  const result = await generateLoad({ ...options, maxRequests: requests, maxFailures: requests })
  const rate = Math.round(requests / ((performance.now() - begin) / 1000))
  // Requests that were not sent, since connections broke, have failed too.
  return { rate, failures: requests - (result.responses - result.failures) }
}

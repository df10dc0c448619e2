import { Agent, get } from 'node:http'

export interface Load {
  /** A replica's own address. */
  readonly url: string
  /** Of somebody who is signed in; every second request is a visitor's. */
  readonly cookie: string
  readonly requests: number
}

const CONNECTIONS = 32
const PATHS = ['/', '/shop', '/account', '/basket', '/api/session']

/** What came of it: answers a second, and how many were none (a machine that is busy otherwise may bring some 503). */
export interface LoadResult {
  readonly speed: number
  readonly refused: number
}

/** Looks at pages over and over, on many connections at once, and never signs in. */
export async function runLoad({ url, cookie, requests }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const began = performance.now()
  let begun = 0
  let refused = 0
  const one = async () => {
    while (begun < requests) {
      const turn = begun++
      const path = PATHS[turn % PATHS.length] ?? '/'
      const status = await look(url + path, agent, turn % 2 === 0 || path === '/account' ? cookie : undefined)
      if (status !== 200) refused++
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  agent.destroy()
  return { speed: Math.round(requests / ((performance.now() - began) / 1000)), refused }
}

function look(url: string, agent: Agent, cookie: string | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: cookie === undefined ? {} : { cookie } }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
      response.once('error', reject)
    })
    request.once('error', reject)
  })
}

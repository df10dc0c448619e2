import process from 'node:process'
import { generateLoad, prepareRequest } from '../test-support/load-generator.ts'
import { handleRequests } from '../test-support/worker-process.ts'
import { quantile } from './interleave.ts'
import { cookieOf, numbersOf, type SessionRange } from './session-data.ts'

/** A request to the load generator's process. */
export interface Load {
  readonly port: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly connections: number
  /** Milliseconds, before those that are measured. */
  readonly warmUpMs: number
  readonly measuredMs: number
  /** The sessions whose cookies are sent, in this order; none: a visitor without a cookie. */
  readonly sessions: readonly SessionRange[]
  /** JSON, in this order; default none. */
  readonly bodies?: readonly string[]
  /** Stands in each right response. */
  readonly expected: string
}

export interface LoadSummary {
  /** Responses in the measured time, a second. */
  readonly rate: number
  /** All responses, with the warm-up's. */
  readonly responses: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of this process, in microseconds. */
  readonly cpuUs: number
}

handleRequests(async (load: Load): Promise<LoadSummary> => {
  const { port, connections, warmUpMs, measuredMs, expected } = load
  const requests = prepareRequests(load)
  const cpuBefore = process.cpuUsage()
  const options = { port, connections, requests, warmUpMs, durationMs: measuredMs, expected }
  const { latenciesMs, responses, failures, firstFailure } = await generateLoad(options)
  const cpu = process.cpuUsage(cpuBefore)
  // A fast wrong response is no figure.
  if (failures > 0) throw new Error(`${failures} bad responses to ${load.method} ${load.path}: ${firstFailure}`)
  return {
    rate: (latenciesMs.length / measuredMs) * 1000,
    responses,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    cpuUs: cpu.user + cpu.system,
  }
})

const cache = new Map<string, readonly Buffer[]>()

/** Cached, since signing a few thousand cookies takes time. */
function prepareRequests({ method, path, sessions, bodies = [] }: Load): readonly Buffer[] {
  const key = JSON.stringify([method, path, sessions, bodies])
  const cached = cache.get(key)
  if (cached !== undefined) return cached
  const cookies = sessions.flatMap(numbersOf).map((n) => `Cookie: ${cookieOf(n)}\r\n`)
  const count = Math.max(1, cookies.length, bodies.length)
  const requests = Array.from({ length: count }, (_, index) => {
    const headers = `Accept: application/json\r\n${cookies[index % cookies.length] ?? ''}`
    const body = method === 'GET' ? undefined : (bodies[index % bodies.length] ?? '')
    return prepareRequest(method, path, headers, body)
  })
  cache.set(key, requests)
  return requests
}

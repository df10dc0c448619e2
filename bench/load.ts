import process from 'node:process'
import { Client } from './client.ts'
import { cookieOf } from './session-data.ts'
import { quantile } from './stats.ts'
import { answerQuestions } from './worker.ts'

/** What is asked of the generator of load, a process of its own. */
export interface Load {
  readonly port: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly connections: number
  /** Milliseconds that count, after some that do not. */
  readonly measured: number
  readonly warm: number
  /** Numbers of the sessions whose cookies are sent, each in its turn; none: a visitor without a cookie. */
  readonly sessions: readonly Range[]
  /** JSON, in their turn; default none. */
  readonly bodies?: readonly string[]
  /** Stands in each right answer. */
  readonly expected: string
}

export interface Range {
  readonly first: number
  readonly count: number
  /** Every so many numbers; default 1. */
  readonly step?: number
}

export interface Outcome {
  /** Answers that count. */
  readonly answers: number
  /** All that were sent, the warm-up's too. */
  readonly all: number
  /** Milliseconds that were measured. */
  readonly time: number
  readonly p50: number
  readonly p99: number
  /** Answers that were not what was expected, and the first of them. */
  readonly failures: number
  readonly failure: string
  /** Of this process, in microseconds. */
  readonly cpu: number
}

async function run(load: Load): Promise<Outcome> {
  const requests = prepared(load)
  const cpu = process.cpuUsage()
  const begin = performance.now() + load.warm
  const end = begin + load.measured
  const late: number[] = []
  const seen = { all: 0, failures: 0, failure: '' }
  const answered = (status: number, text: string, milliseconds: number) => {
    seen.all++
    const now = performance.now()
    if (now >= begin && now < end) late.push(milliseconds)
    if (status === 200 && text.includes(load.expected)) return
    if (seen.failures++ === 0) seen.failure = shortened(text)
  }
  const clients = Array.from({ length: load.connections }, (_, index) => {
    let turn = index
    const next = () => {
      if (performance.now() >= end || seen.failures > 100) return undefined
      turn = (turn + load.connections) % (load.connections * 1_000_003)
      return requests[turn % requests.length]
    }
    return new Client(load.port, next, answered)
  })
  await Promise.all(clients.map(({ ended }) => ended))
  const sorted = Float64Array.from(late).sort()
  const used = process.cpuUsage(cpu)
  return {
    answers: late.length,
    time: load.measured,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    cpu: used.user + used.system,
    ...seen,
  }
}

/** The first line, and the body. */
function shortened(text: string): string {
  const [head = '', body = ''] = text.split('\r\n\r\n')
  return `${head.split('\r\n')[0]}: ${body.slice(0, 300)}`
}

const kept = new Map<string, readonly Buffer[]>()

/** Signing a few thousand cookies takes time: done once for all slices that send the same. */
function prepared({ method, path, sessions, bodies = [''] }: Load): readonly Buffer[] {
  const key = JSON.stringify([method, path, sessions, bodies])
  const known = kept.get(key)
  if (known !== undefined) return known
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n`
  const cookies = sessions.flatMap(numbers).map((n) => `Cookie: ${cookieOf(n)}\r\n`)
  const ends = bodies.map((body) => (method === 'GET' ? '\r\n' : withLength(body)))
  const all = cookies.length > 0 ? cookies : ['']
  const count = Math.max(all.length, ends.length)
  const requests = Array.from({ length: count }, (_, turn) =>
    Buffer.from(`${head}${all[turn % all.length]}${ends[turn % ends.length]}`),
  )
  kept.set(key, requests)
  return requests
}

function withLength(body: string): string {
  return `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function numbers({ first, count, step = 1 }: Range): number[] {
  return Array.from({ length: count }, (_, index) => first + index * step)
}

answerQuestions(run)

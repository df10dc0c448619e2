import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { type HeldResponse, holdResponse } from './held-response.ts'
import { applyHead, assertSendable } from './response-head.ts'

/** What stands between a response and the wire until the session is committed. */
export interface Gate {
  readonly req: Request
  readonly res: Response
  /** Brings the session to rest: undefined where nothing is to be written, which costs no wait. */
  readonly settle: (gate: Gate) => Promise<void> | undefined
  /** Just before the head is written. */
  readonly dress: (gate: Gate) => void
  /** Answers in the place of a response whose session could not be committed. */
  readonly refuse: (gate: Gate, error: unknown) => void
  /** The id that came was ended, or renamed, a moment ago: nothing may be written for it. */
  endedLately: boolean
  /** The expiry has moved, or the cookie must be replaced for another reason. */
  cookieDue: boolean
  /** Something that the response must wait for, though nobody may await it. */
  busy: Promise<void> | undefined
  stage: 'open' | 'waiting' | 'passing' | 'refusing'
  waiting: Call[]
  /** While it waits. */
  held: HeldResponse | undefined
  readonly entry: readonly string[]
  readonly through: Through
}

type Name = 'writeHead' | 'write' | 'end' | 'flushHeaders'
type Through = { readonly [name in Name]: (...args: unknown[]) => unknown }
interface Call {
  readonly name: Name
  readonly args: unknown[]
}
type Gated = ServerResponse & { [GATE]?: Gate }

const GATE = Symbol('session gate')
/** Only who answers in the place of a failed response may write while that is done. */
const refusing = new AsyncLocalStorage<Gate>()

/** The gate of a request; undefined where it has none. */
export function gateOf(req: Request): Gate | undefined {
  return (req.res as Gated | undefined)?.[GATE]
}

/** Puts a gate before the response's head: no byte leaves until the session is at rest. */
export function install(
  req: Request,
  res: Response,
  parts: Pick<Gate, 'settle' | 'dress' | 'refuse' | 'endedLately'>,
): Gate {
  const { writeHead, write, end, flushHeaders } = res
  const gate: Gate = {
    req,
    res,
    settle: parts.settle,
    dress: parts.dress,
    refuse: parts.refuse,
    endedLately: parts.endedLately,
    cookieDue: false,
    busy: undefined,
    stage: 'open',
    waiting: [],
    held: undefined,
    entry: res.getHeaderNames(),
    through: { writeHead, write, end, flushHeaders } as Through,
  }
  const gated = res as Gated
  gated[GATE] = gate
  // The same four functions for every response: closures made for each would cost a tenth of all requests.
  gated.writeHead = GATED.writeHead as never
  gated.write = GATED.write as never
  gated.end = GATED.end as never
  gated.flushHeaders = GATED.flushHeaders as never
  return gate
}

const GATED = {
  writeHead(this: Gated, ...args: unknown[]) {
    return enter(this, 'writeHead', args) ?? this
  },
  write(this: Gated, ...args: unknown[]) {
    return enter(this, 'write', args) ?? false
  },
  end(this: Gated, ...args: unknown[]) {
    return enter(this, 'end', args) ?? this
  },
  flushHeaders(this: Gated, ...args: unknown[]) {
    return enter(this, 'flushHeaders', args)
  },
}

/** Lets a call through, or keeps it until it may pass. */
function enter(res: Gated, name: Name, args: unknown[]): unknown {
  const gate = res[GATE]
  if (gate === undefined) return undefined
  if (gate.stage === 'passing' || gate.stage === 'waiting') {
    if (res.writableEnded) return refuseLate(res, name, args)
    if (gate.stage === 'waiting') return queue(gate, name, args)
    return name === 'end' ? close(gate, args) : pass(gate, name, args)
  }
  if (gate.stage === 'refusing') return refusing.getStore() === gate ? pass(gate, name, args) : undefined
  // Before the session's own cookie is added: a Set-Cookie among these headers would replace it.
  const first = name === 'writeHead' ? applyHead(res, args) : args
  assertSendable(res, name, first)
  const settled = attempt(gate)
  if (settled === undefined) return open(gate, name, first)
  gate.stage = 'waiting'
  gate.waiting.push({ name, args: first })
  gate.held = holdResponse(res)
  if (name === 'end') gate.held.end()
  settled.then(
    () => replay(gate),
    (error) => fail(gate, error),
  )
  return undefined
}

/** What comes after the first call meets a response that looks sent. */
function queue(gate: Gate, name: Name, args: unknown[]): unknown {
  // Node throws ERR_HTTP_HEADERS_SENT.
  if (name === 'writeHead') return pass(gate, name, args)
  if (name === 'flushHeaders') return undefined
  assertSendable(gate.res, name, args)
  gate.waiting.push({ name, args })
  if (name === 'end') gate.held?.end()
  return undefined
}

/** For a write after the end Node emits an error that nothing listens to, and the process ends: only the callback is told. */
function refuseLate(res: Gated, name: Name, args: unknown[]): unknown {
  const gate = res[GATE]
  if (name === 'writeHead') return gate && pass(gate, name, args)
  const done = args.findLast((value) => typeof value === 'function')
  const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' })
  if (typeof done === 'function') process.nextTick(done, error)
  return name === 'write' ? false : res
}

/** What is wrong with a session (something that cannot be stored) must not be thrown into whoever happens to write. */
function attempt(gate: Gate): Promise<void> | undefined {
  try {
    return gate.settle(gate)
  } catch (error) {
    return Promise.reject(error)
  }
}

function open(gate: Gate, name: Name, args: unknown[]): unknown {
  gate.stage = 'passing'
  if (!gate.res.headersSent) gate.dress(gate)
  return pass(gate, name, args)
}

/** A stream's handler may have changed the session after the head was sent: that is committed before the end. */
function close(gate: Gate, args: unknown[]): unknown {
  const settled = gate.res.writableEnded ? undefined : attempt(gate)
  if (settled === undefined) return pass(gate, 'end', args)
  settled.then(
    () => pass(gate, 'end', args),
    (error) => gate.res.destroy(error),
  )
  return gate.res
}

function pass(gate: Gate, name: Name, args: unknown[]): unknown {
  return gate.through[name].apply(gate.res, args)
}

function replay(gate: Gate): void {
  const calls = release(gate)
  // In a callback of the database's: what is thrown here would end the process.
  try {
    gate.stage = 'passing'
    if (!gate.res.headersSent) gate.dress(gate)
    for (const { name, args } of calls) pass(gate, name, args)
    const wrote = calls.some(({ name }) => name === 'write')
    if (wrote && !gate.res.writableEnded && !gate.res.writableNeedDrain) gate.res.emit('drain')
  } catch (error) {
    gate.res.destroy(error as Error)
  }
}

function release(gate: Gate): Call[] {
  const { waiting } = gate
  gate.waiting = []
  gate.held?.release()
  return waiting
}

/** Nothing has left: the response begins anew, as it was when the session was read. */
function fail(gate: Gate, error: unknown): void {
  const { req, res } = gate
  release(gate)
  gate.stage = 'refusing'
  delete (req as { session?: unknown }).session
  for (const name of res.getHeaderNames())
    if (!gate.entry.includes(name) || name === 'set-cookie') res.removeHeader(name)
  res.statusCode = 200
  res.statusMessage = ''
  refusing.run(gate, () => {
    try {
      gate.refuse(gate, error)
    } catch (fault) {
      res.destroy(fault as Error)
    }
  })
}

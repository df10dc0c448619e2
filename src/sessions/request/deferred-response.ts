import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { markAsSent, type SentMark } from './mark-as-sent.ts'
import { applyHead, assertSendable } from './response-head.ts'

/** What stands between a response and the wire until the session is committed. */
export interface DeferredResponse {
  readonly req: Request
  readonly res: Response
  /** Brings the session to rest: undefined where nothing is to be written, which costs no wait. */
  readonly commit: (deferred: DeferredResponse) => Promise<void> | undefined
  /** Just before the head is written. */
  readonly onHeaders: (deferred: DeferredResponse) => void
  /** Answers in the place of a response whose session could not be committed. */
  readonly onCommitError: (deferred: DeferredResponse, error: unknown) => void
  /** The id that came was ended, or renamed, a moment ago: nothing may be written for it. */
  endedRecently: boolean
  /** The expiry has moved, or the cookie must be replaced for another reason. */
  shouldSetCookie: boolean
  /** Something that the response must wait for, though nobody may await it. */
  pendingWork: Promise<void> | undefined
  state: 'open' | 'waiting' | 'passing' | 'refusing'
  queued: Call[]
  /** While it waits. */
  sentMark: SentMark | undefined
  readonly initialHeaders: readonly string[]
  readonly original: OriginalMethods
}

type MethodName = 'writeHead' | 'write' | 'end' | 'flushHeaders'
type OriginalMethods = { readonly [name in MethodName]: (...args: unknown[]) => unknown }
interface Call {
  readonly name: MethodName
  readonly args: unknown[]
}
type PatchedResponse = ServerResponse & { [DEFERRED]?: DeferredResponse }

const DEFERRED = Symbol('session gate')
/** Only who answers in the place of a failed response may write while that is done. */
const inErrorHandler = new AsyncLocalStorage<DeferredResponse>()

/** The gate of a request; undefined where it has none. */
export function deferredResponseOf(req: Request): DeferredResponse | undefined {
  return (req.res as PatchedResponse | undefined)?.[DEFERRED]
}

/** Puts a gate before the response's head: no byte leaves until the session is at rest. */
export function deferResponse(
  req: Request,
  res: Response,
  handlers: Pick<DeferredResponse, 'commit' | 'onHeaders' | 'onCommitError' | 'endedRecently'>,
): DeferredResponse {
  const { writeHead, write, end, flushHeaders } = res
  const deferred: DeferredResponse = {
    req,
    res,
    commit: handlers.commit,
    onHeaders: handlers.onHeaders,
    onCommitError: handlers.onCommitError,
    endedRecently: handlers.endedRecently,
    shouldSetCookie: false,
    pendingWork: undefined,
    state: 'open',
    queued: [],
    sentMark: undefined,
    initialHeaders: res.getHeaderNames(),
    original: { writeHead, write, end, flushHeaders } as OriginalMethods,
  }
  const patched = res as PatchedResponse
  patched[DEFERRED] = deferred
  // The same four functions for every response: closures made for each would cost a tenth of all requests.
  patched.writeHead = PATCHED_METHODS.writeHead as never
  patched.write = PATCHED_METHODS.write as never
  patched.end = PATCHED_METHODS.end as never
  patched.flushHeaders = PATCHED_METHODS.flushHeaders as never
  return deferred
}

const PATCHED_METHODS = {
  writeHead(this: PatchedResponse, ...args: unknown[]) {
    return intercept(this, 'writeHead', args) ?? this
  },
  write(this: PatchedResponse, ...args: unknown[]) {
    return intercept(this, 'write', args) ?? false
  },
  end(this: PatchedResponse, ...args: unknown[]) {
    return intercept(this, 'end', args) ?? this
  },
  flushHeaders(this: PatchedResponse, ...args: unknown[]) {
    return intercept(this, 'flushHeaders', args)
  },
}

/** Lets a call through, or keeps it until it may pass. */
function intercept(res: PatchedResponse, name: MethodName, args: unknown[]): unknown {
  const deferred = res[DEFERRED]
  if (deferred === undefined) return undefined
  if (deferred.state === 'passing' || deferred.state === 'waiting') {
    if (res.writableEnded) return rejectWriteAfterEnd(res, name, args)
    if (deferred.state === 'waiting') return enqueue(deferred, name, args)
    return name === 'end' ? commitThenEnd(deferred, args) : forward(deferred, name, args)
  }
  if (deferred.state === 'refusing')
    return inErrorHandler.getStore() === deferred ? forward(deferred, name, args) : undefined
  // Before the session's own cookie is added: a Set-Cookie among these headers would replace it.
  const first = name === 'writeHead' ? applyHead(res, args) : args
  assertSendable(res, name, first)
  const committed = tryCommit(deferred)
  if (committed === undefined) return startForwarding(deferred, name, first)
  deferred.state = 'waiting'
  deferred.queued.push({ name, args: first })
  deferred.sentMark = markAsSent(res)
  if (name === 'end') deferred.sentMark.end()
  committed.then(
    () => replay(deferred),
    (error) => fail(deferred, error),
  )
  return undefined
}

/** What comes after the first call meets a response that looks sent. */
function enqueue(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  // Node throws ERR_HTTP_HEADERS_SENT.
  if (name === 'writeHead') return forward(deferred, name, args)
  if (name === 'flushHeaders') return undefined
  assertSendable(deferred.res, name, args)
  deferred.queued.push({ name, args })
  if (name === 'end') deferred.sentMark?.end()
  return undefined
}

/** For a write after the end Node emits an error that nothing listens to, and the process ends: only the callback is told. */
function rejectWriteAfterEnd(res: PatchedResponse, name: MethodName, args: unknown[]): unknown {
  const deferred = res[DEFERRED]
  if (name === 'writeHead') return deferred && forward(deferred, name, args)
  const done = args.findLast((value) => typeof value === 'function')
  const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' })
  if (typeof done === 'function') process.nextTick(done, error)
  return name === 'write' ? false : res
}

/** What is wrong with a session (something that cannot be stored) must not be thrown into whoever happens to write. */
function tryCommit(deferred: DeferredResponse): Promise<void> | undefined {
  try {
    return deferred.commit(deferred)
  } catch (error) {
    return Promise.reject(error)
  }
}

function startForwarding(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  deferred.state = 'passing'
  if (!deferred.res.headersSent) deferred.onHeaders(deferred)
  return forward(deferred, name, args)
}

/** A stream's handler may have changed the session after the head was sent: that is committed before the end. */
function commitThenEnd(deferred: DeferredResponse, args: unknown[]): unknown {
  const committed = deferred.res.writableEnded ? undefined : tryCommit(deferred)
  if (committed === undefined) return forward(deferred, 'end', args)
  committed.then(
    () => forward(deferred, 'end', args),
    (error) => deferred.res.destroy(error),
  )
  return deferred.res
}

function forward(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  return deferred.original[name].apply(deferred.res, args)
}

function replay(deferred: DeferredResponse): void {
  const calls = release(deferred)
  // In a callback of the database's: what is thrown here would end the process.
  try {
    deferred.state = 'passing'
    if (!deferred.res.headersSent) deferred.onHeaders(deferred)
    for (const { name, args } of calls) forward(deferred, name, args)
    const wrote = calls.some(({ name }) => name === 'write')
    if (wrote && !deferred.res.writableEnded && !deferred.res.writableNeedDrain) deferred.res.emit('drain')
  } catch (error) {
    deferred.res.destroy(error as Error)
  }
}

function release(deferred: DeferredResponse): Call[] {
  const { queued } = deferred
  deferred.queued = []
  deferred.sentMark?.release()
  return queued
}

/** Nothing has left: the response begins anew, as it was when the session was read. */
function fail(deferred: DeferredResponse, error: unknown): void {
  const { req, res } = deferred
  release(deferred)
  deferred.state = 'refusing'
  delete (req as { session?: unknown }).session
  for (const name of res.getHeaderNames())
    if (!deferred.initialHeaders.includes(name) || name === 'set-cookie') res.removeHeader(name)
  res.statusCode = 200
  res.statusMessage = ''
  inErrorHandler.run(deferred, () => {
    try {
      deferred.onCommitError(deferred, error)
    } catch (fault) {
      res.destroy(fault as Error)
    }
  })
}

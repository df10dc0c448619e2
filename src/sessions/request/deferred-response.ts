import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import type { Request, Response } from 'express'
import { markAsSent, type SentMark } from './mark-as-sent.ts'
import { applyHead, assertSendable } from './response-head.ts'

export interface ResponseHandlers {
  /** Commits the session. Undefined, which delays nothing, where there is nothing to write. */
  readonly commit: (deferred: DeferredResponse) => Promise<void> | undefined
  /** Runs just before the headers are sent. */
  readonly onHeaders: (deferred: DeferredResponse) => void
  /** Sends another response in place of one whose commit failed. */
  readonly onCommitError: (deferred: DeferredResponse, error: unknown) => void
}

/** A response whose bytes wait for the commit of its session. */
export interface DeferredResponse extends ResponseHandlers {
  readonly req: Request
  readonly res: Response
  /** The request's sid ended or was rotated a moment ago, so nothing may be written. */
  endedRecently: boolean
  /** The expiry has moved, or the cookie has an old name or secret. */
  shouldSetCookie: boolean
  /** Work that the response waits for, whether or not the handler awaits it. */
  pendingWork: Promise<void> | undefined
  /** `req.session.destroy()` was called: the response clears the cookie. */
  hasDestroyed: boolean
  /** Why the commit failed. From then on the request writes nothing. */
  failure: unknown
  state: 'idle' | 'committing' | 'forwarding' | 'failed'
  queued: Call[]
  /** While the state is `committing`. */
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

const DEFERRED = Symbol('deferred response')
/** After a failed commit only onCommitError may write to the response. */
const inErrorHandler = new AsyncLocalStorage<DeferredResponse>()

export function deferredResponseOf(req: Request): DeferredResponse | undefined {
  return (req as Request & { [DEFERRED]?: DeferredResponse })[DEFERRED]
}

export function deferResponse(
  req: Request,
  res: Response,
  handlers: ResponseHandlers & { readonly endedRecently: boolean },
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
    hasDestroyed: false,
    failure: undefined,
    state: 'idle',
    queued: [],
    sentMark: undefined,
    initialHeaders: res.getHeaderNames(),
    original: { writeHead, write, end, flushHeaders } as OriginalMethods,
  }
  const patched = res as PatchedResponse
  patched[DEFERRED] = deferred
  // Of the request, too: only Express has `req.res`.
  ;(req as Request & { [DEFERRED]?: DeferredResponse })[DEFERRED] = deferred
  // Shared functions: a closure for each response costs a tenth of the throughput.
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

function intercept(res: PatchedResponse, name: MethodName, args: unknown[]): unknown {
  const deferred = res[DEFERRED]
  if (deferred === undefined) return undefined
  if (deferred.state === 'forwarding' || deferred.state === 'committing') {
    if (res.writableEnded) return rejectWriteAfterEnd(deferred, name, args)
    if (deferred.state === 'committing') return enqueue(deferred, name, args)
    return name === 'end' ? commitThenEnd(deferred, args) : forward(deferred, name, args)
  }
  if (deferred.state === 'failed')
    return inErrorHandler.getStore() === deferred ? forward(deferred, name, args) : undefined
  // Before onHeaders adds the session's cookie: a Set-Cookie among these headers would replace it.
  const firstArgs = name === 'writeHead' ? applyHead(res, args) : args
  assertSendable(res, name, firstArgs)
  const committed = tryCommit(deferred)
  if (committed === undefined) return startForwarding(deferred, name, firstArgs)
  deferred.state = 'committing'
  deferred.queued.push({ name, args: firstArgs })
  deferred.sentMark = markAsSent(res)
  if (name === 'end') deferred.sentMark.end()
  committed.then(
    () => sendQueued(deferred),
    (error) => replaceResponse(deferred, error),
  )
  return undefined
}

/** The response looks sent by now, so the later calls behave as after a sent head. */
function enqueue(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  // Node throws ERR_HTTP_HEADERS_SENT.
  if (name === 'writeHead') return forward(deferred, name, args)
  if (name === 'flushHeaders') return undefined
  assertSendable(deferred.res, name, args)
  deferred.queued.push({ name, args })
  if (name === 'end') deferred.sentMark?.end()
  return undefined
}

/** Passes the error to the callback only: Node would emit an error event that nothing handles. */
function rejectWriteAfterEnd(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  if (name === 'writeHead') return forward(deferred, name, args)
  const callback = args.findLast((value) => typeof value === 'function')
  const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' })
  if (typeof callback === 'function') process.nextTick(callback, error)
  return name === 'write' ? false : deferred.res
}

/** Rejects instead of throwing: code that writes a response does not expect NotSerializable. */
function tryCommit(deferred: DeferredResponse): Promise<void> | undefined {
  try {
    return deferred.commit(deferred)
  } catch (error) {
    return Promise.reject(error)
  }
}

function startForwarding(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  deferred.state = 'forwarding'
  if (!deferred.res.headersSent) deferred.onHeaders(deferred)
  return forward(deferred, name, args)
}

/** Commits what a streaming handler changed after the headers were sent. */
function commitThenEnd(deferred: DeferredResponse, args: unknown[]): unknown {
  const committed = deferred.res.writableEnded ? undefined : tryCommit(deferred)
  if (committed === undefined) return forward(deferred, 'end', args)
  committed.then(
    () => forward(deferred, 'end', args),
    (error) => {
      deferred.failure = error
      deferred.res.destroy(error)
    },
  )
  return deferred.res
}

function forward(deferred: DeferredResponse, name: MethodName, args: unknown[]): unknown {
  return deferred.original[name].apply(deferred.res, args)
}

function sendQueued(deferred: DeferredResponse): void {
  const calls = release(deferred)
  // This runs in a callback of the database client: an exception would end the process.
  try {
    deferred.state = 'forwarding'
    if (!deferred.res.headersSent) deferred.onHeaders(deferred)
    for (const { name, args } of calls) forward(deferred, name, args)
    const hasWritten = calls.some(({ name }) => name === 'write')
    if (hasWritten && !deferred.res.writableEnded && !deferred.res.writableNeedDrain) deferred.res.emit('drain')
  } catch (error) {
    deferred.res.destroy(error as Error)
  }
}

function release(deferred: DeferredResponse): Call[] {
  const calls = deferred.queued
  deferred.queued = []
  deferred.sentMark?.release()
  return calls
}

/** No byte has left yet: restores the initial headers, then onCommitError responds. */
function replaceResponse(deferred: DeferredResponse, error: unknown): void {
  const { res } = deferred
  release(deferred)
  deferred.state = 'failed'
  // The session stays: its handler may still be running.
  deferred.failure = error
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

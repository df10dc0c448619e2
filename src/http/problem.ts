import type { ErrorRequestHandler, Request, Response } from 'express'
import { type Kind, notFound, Refusal } from '../runtime/errors.ts'
import type { Log } from '../runtime/log.ts'
import { problem, statusTitle, wantsJson } from './reply.ts'

const STATUS: Readonly<Record<Kind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not found': 404,
  conflict: 409,
  limited: 429,
  unavailable: 503,
}

export interface ProblemOptions {
  readonly log: Log
  /** Whether an error means that the database is away, which is nobody's fault and passes. */
  readonly isOutage: (error: unknown) => boolean
}

/** What goes out for an error. */
interface Verdict {
  readonly status: number
  readonly message: string
  readonly retryAfter?: number | undefined
  readonly fields?: Readonly<Record<string, string>> | undefined
}

/** The one translator of errors: a page or a problem with the right status; what is unknown is logged whole and shown as nothing. */
export function problems(options: ProblemOptions): ErrorRequestHandler {
  return function problems(error, req, res, _next) {
    const verdict = judge(error, options.isOutage)
    record(options.log, error, verdict, res)
    if (res.headersSent) {
      if (!res.writableEnded) res.destroy()
      return
    }
    answer(req, res, verdict, error)
  }
}

/** Last of all routes: nothing is at this address. */
export function nothingHere(): void {
  throw notFound()
}

function judge(error: unknown, isOutage: (error: unknown) => boolean): Verdict {
  if (error instanceof Refusal)
    return { status: STATUS[error.kind], message: error.message, retryAfter: error.retryAfter, fields: error.fields }
  if (isOutage(error)) return { status: 503, message: OUTAGE, retryAfter: 2 }
  const { status, retryAfter, type } = error as { status?: unknown; retryAfter?: number; type?: string }
  if (status === 503) return { status, message: OUTAGE, retryAfter: retryAfter ?? 2 }
  if (typeof status !== 'number' || status < 400 || status > 499) return { status: 500, message: UNKNOWN }
  return { status, message: BODY[type ?? ''] ?? (isPacking(error) ? PACKING : (error as Error).message) }
}

// It does not say that nothing was lost: whether a write that timed out was committed is unknown.
const OUTAGE = 'A part of this site does not answer at the moment. Please try again: nobody was signed out.'
const UNKNOWN = 'The fault is on our side. It has been noted.'

const PACKING = 'The body of this request cannot be unpacked: it is not what its Content-Encoding says.'

/** zlib's own, which body-parser passes on without a kind. */
function isPacking(error: unknown): boolean {
  return /^(Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD)/.test(String((error as { code?: unknown }).code))
}

/** body-parser's kinds of refusal, in words that say what to do and repeat nothing of what was sent. */
const BODY: Readonly<Record<string, string>> = {
  'entity.parse.failed': 'The JSON in this request cannot be read.',
  'entity.too.large': 'This request is too large: 100 kB at most.',
  'parameters.too.many': 'This form has too many fields.',
  'encoding.unsupported': 'This content encoding is not understood here.',
  'charset.unsupported': 'Texts are read as UTF-8 here.',
  'request.aborted': 'The request ended before it was complete.',
  'request.size.invalid': 'The request is not as long as it says.',
}

function record(log: Log, error: unknown, { status }: Verdict, res: Response): void {
  if (status >= 500 && status !== 503) log.error('request failed', { error })
  else if (status === 503) log.warn('request not served', { error })
  else if (res.headersSent) log.warn('answer broken off', { error })
}

function answer(req: Request, res: Response, verdict: Verdict, error: unknown): void {
  const { status, message, retryAfter, fields = {} } = verdict
  res.vary('Accept').set('Cache-Control', 'no-store')
  if (retryAfter !== undefined) res.set('Retry-After', String(Math.max(1, Math.ceil(jittered(retryAfter, status)))))
  if (wantsJson(req)) problem(res, { status, detail: message, errors: fields })
  else if (asksToSignIn(req, error)) res.redirect(303, `/login?next=${encodeURIComponent(req.originalUrl)}`)
  else res.status(status).render('layout/error', { status, title: statusTitle(status), message, requestId: req.id })
}

/** A page that needs somebody sends a visitor to sign in; a form says so instead, since what was typed would be lost. */
function asksToSignIn(req: Request, error: unknown): boolean {
  const isUnauthenticated =
    error instanceof Refusal ? error.kind === 'unauthenticated' : (error as { status?: unknown }).status === 401
  return isUnauthenticated && (req.method === 'GET' || req.method === 'HEAD')
}

/** After an outage not all clients should come back in the same second. */
function jittered(seconds: number, status: number): number {
  return status === 503 ? seconds + Math.random() * seconds : seconds
}

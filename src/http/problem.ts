import type { ErrorRequestHandler, Request, Response } from 'express'
import { AppError, type ErrorKind, notFound } from '../runtime/errors.ts'
import type { Log } from '../runtime/log.ts'
import { problem, statusTitle, wantsJson } from './reply.ts'

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not found': 404,
  conflict: 409,
  limited: 429,
  unavailable: 503,
}

export interface ErrorHandlerOptions {
  readonly log: Log
  readonly isUnavailable: (error: unknown) => boolean
}

interface ErrorResponse {
  readonly status: number
  readonly message: string
  readonly retryAfter?: number | undefined
  readonly fields?: Readonly<Record<string, string>> | undefined
}

/** Unknown errors are logged in full and shown as a 500. */
export function createErrorHandler(options: ErrorHandlerOptions): ErrorRequestHandler {
  return function handleError(error, req, res, _next) {
    const response = toErrorResponse(error, options.isUnavailable)
    logError(options.log, error, response, res)
    if (res.headersSent) {
      if (!res.writableEnded) res.destroy()
      return
    }
    send(req, res, response, error)
  }
}

export function notFoundHandler(): void {
  throw notFound()
}

function toErrorResponse(error: unknown, isUnavailable: (error: unknown) => boolean): ErrorResponse {
  if (error instanceof AppError)
    return { status: STATUS[error.kind], message: error.message, retryAfter: error.retryAfter, fields: error.fields }
  if (isUnavailable(error)) return { status: 503, message: UNAVAILABLE_MESSAGE, retryAfter: 2 }
  const { status, retryAfter, type } = error as { status?: unknown; retryAfter?: number; type?: string }
  if (status === 503) return { status, message: UNAVAILABLE_MESSAGE, retryAfter: retryAfter ?? 2 }
  if (typeof status !== 'number' || status < 400 || status > 499) return { status: 500, message: UNKNOWN_MESSAGE }
  return {
    status,
    message:
      BODY_MESSAGES[type ?? ''] ?? (isDecompressionError(error) ? DECOMPRESSION_MESSAGE : (error as Error).message),
  }
}

// It must not promise that nothing was lost: a timed-out write may have committed.
const UNAVAILABLE_MESSAGE =
  'A part of this site does not answer at the moment. Please try again: nobody was signed out.'
const UNKNOWN_MESSAGE = 'The fault is on our side. It has been noted.'

const DECOMPRESSION_MESSAGE = 'The body of this request cannot be unpacked: it is not what its Content-Encoding says.'

/** Errors of zlib, which body-parser passes on without a type. */
function isDecompressionError(error: unknown): boolean {
  return /^(Z_|ERR_BROTLI|ERR__ERROR|ERR_ZSTD)/.test(String((error as { code?: unknown }).code))
}

/** By the error type of body-parser. No text repeats what was sent. */
const BODY_MESSAGES: Readonly<Record<string, string>> = {
  'entity.parse.failed': 'The JSON in this request cannot be read.',
  'entity.too.large': 'This request is too large: 100 kB at most.',
  'parameters.too.many': 'This form has too many fields.',
  'encoding.unsupported': 'This content encoding is not understood here.',
  'charset.unsupported': 'Texts are read as UTF-8 here.',
  'request.aborted': 'The request ended before it was complete.',
  'request.size.invalid': 'The request is not as long as it says.',
}

function logError(log: Log, error: unknown, { status }: ErrorResponse, res: Response): void {
  if (status >= 500 && status !== 503) log.error('request failed', { error })
  else if (status === 503) log.warn('request not served', { error })
  else if (res.headersSent) log.warn('response aborted', { error })
}

function send(req: Request, res: Response, response: ErrorResponse, error: unknown): void {
  const { status, message, retryAfter, fields = {} } = response
  res.vary('Accept').set('Cache-Control', 'no-store')
  if (retryAfter !== undefined) res.set('Retry-After', String(Math.max(1, Math.ceil(withJitter(retryAfter, status)))))
  if (wantsJson(req)) problem(res, { status, detail: message, errors: fields })
  else if (shouldRedirectToSignIn(req, error)) res.redirect(303, `/login?next=${encodeURIComponent(req.originalUrl)}`)
  else res.status(status).render('layout/error', { status, title: statusTitle(status), message, requestId: req.id })
}

/** A page redirects a visitor to the sign-in. A form does not: it would lose the input. */
function shouldRedirectToSignIn(req: Request, error: unknown): boolean {
  const isUnauthenticated =
    error instanceof AppError ? error.kind === 'unauthenticated' : (error as { status?: unknown }).status === 401
  return isUnauthenticated && (req.method === 'GET' || req.method === 'HEAD')
}

/** Spreads the clients that return after an outage. */
function withJitter(seconds: number, status: number): number {
  return status === 503 ? seconds + Math.random() * seconds : seconds
}

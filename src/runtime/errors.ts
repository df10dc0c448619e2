/** All ways to refuse a request. `http/problem.ts` turns them into status codes and pages. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not found'
  | 'conflict'
  | 'limited'
  | 'unavailable'

export interface ErrorDetails {
  readonly fields?: Readonly<Record<string, string>>
  /** Seconds, sent as Retry-After. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

export class AppError extends Error {
  readonly kind: ErrorKind
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly retryAfter: number | undefined

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'AppError'
    this.kind = kind
    this.fields = details.fields
    this.retryAfter = details.retryAfter
  }
}

/** 400. `fields` says where. */
export const invalid = (message: string, details?: ErrorDetails) => new AppError('invalid', message, details)
/** 401: not signed in, or wrong credentials. */
export const unauthenticated = (message = 'Please sign in first.') => new AppError('unauthenticated', message)
export const forbidden = (message = 'This page is not for your account.') => new AppError('forbidden', message)
export const notFound = (message = 'There is nothing at this address.') => new AppError('not found', message)
export const conflict = (message: string, details?: ErrorDetails) => new AppError('conflict', message, details)
export const limited = (retryAfter: number, message = 'Too many attempts. Please try again later.') =>
  new AppError('limited', message, { retryAfter })
export const unavailable = (message: string, details: ErrorDetails = {}) =>
  new AppError('unavailable', message, { retryAfter: 2, ...details })

/** The closed set of ways in which a request is refused; `http/problem.ts` alone turns them into status codes and pages. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not found'
  | 'conflict'
  | 'limited'
  | 'unavailable'

export interface ErrorDetails {
  /** What is wrong with which field, in words for the person who typed it. */
  readonly fields?: Readonly<Record<string, string>>
  /** Seconds until another try makes sense; goes out as Retry-After. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

export class AppError extends Error {
  readonly kind: ErrorKind
  readonly fields: Readonly<Record<string, string>> | undefined
  readonly retryAfter: number | undefined

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'Refusal'
    this.kind = kind
    this.fields = details.fields
    this.retryAfter = details.retryAfter
  }
}

/** The request itself is wrong (400); `fields` says where. */
export const invalid = (message: string, details?: ErrorDetails) => new AppError('invalid', message, details)
/** Nobody is signed in (401), or the proof offered is wrong. */
export const unauthenticated = (message = 'Please sign in first.') => new AppError('unauthenticated', message)
/** Somebody is signed in who may not do this (403). */
export const forbidden = (message = 'This page is not for your account.') => new AppError('forbidden', message)
export const notFound = (message = 'There is nothing at this address.') => new AppError('not found', message)
/** The request contradicts what is stored (409). */
export const conflict = (message: string, details?: ErrorDetails) => new AppError('conflict', message, details)
/** Too many tries (429); `retryAfter` in seconds. */
export const limited = (retryAfter: number, message = 'Too many attempts. Please try again later.') =>
  new AppError('limited', message, { retryAfter })
/** A part that this needs is away or overloaded (503); `retryAfter` in seconds. */
export const unavailable = (message: string, details: ErrorDetails = {}) =>
  new AppError('unavailable', message, { retryAfter: 2, ...details })

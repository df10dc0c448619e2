/** The store could not be asked, or did not answer in time: nobody knows more than before. Never means "signed out". */
export class StoreUnavailable extends Error {
  readonly status = 503
  readonly retryAfter = 2

  constructor(cause: unknown) {
    super('The session store is not available.', { cause })
    this.name = 'StoreUnavailable'
  }
}

/** The session ended on the way (signed out, revoked, expired): what this request wanted to write is not written. */
export class SessionGone extends Error {
  readonly status = 401
  readonly expose = true

  constructor() {
    super('This session has ended. Please sign in again.')
    this.name = 'SessionGone'
  }
}

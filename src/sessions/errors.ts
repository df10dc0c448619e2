/** The store could not be asked, or did not answer in time: nobody knows more than before. Never means "signed out". */
export class StoreUnavailable extends Error {
  readonly status = 503
  /** Seconds. */
  readonly retryAfter = 2

  constructor(cause: unknown) {
    super('The session store is not available.', { cause })
    this.name = 'StoreUnavailable'
  }
}

/** The session ended on the way (signed out, revoked, expired): what this request wanted to write is not written. */
export class SessionEnded extends Error {
  readonly status = 401
  readonly expose = true

  constructor() {
    super('This session has ended. Please sign in again.')
    this.name = 'SessionGone'
  }
}

/** Something was put into the session that JSON cannot hold: a fault of the application. Nothing was written. */
export class NotSerializable extends Error {
  readonly status = 500
  readonly path: readonly string[]

  constructor(path: readonly string[], what: string) {
    super(`A session cannot hold ${what}, at ${path.map((name) => JSON.stringify(name)).join('.')}`)
    this.name = 'Unstorable'
    this.path = path
  }
}

/**
 * Postgres refuses this session's content or row, and only this one: a character that the database's encoding lacks, an
 * account too long for its index, a trigger. Nothing was written; another try would fail the same. The cause is pg's error.
 */
export class SessionRefused extends Error {
  readonly status = 500

  constructor(cause: unknown) {
    super('Postgres refuses this session.', { cause })
    this.name = 'SessionRefused'
  }
}

/** More than a session may hold. Nothing was written. */
export class SessionTooLarge extends Error {
  readonly status = 413
  readonly expose = true

  constructor(bytes: number, maxBytes: number) {
    super(`This session would hold ${bytes} bytes; ${maxBytes} are the most.`)
    this.name = 'SessionTooLarge'
  }
}

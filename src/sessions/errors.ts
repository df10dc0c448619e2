/** The store did not answer in time (503), never "signed out". A write's outcome is unknown. */
export class StoreUnavailable extends Error {
  readonly status = 503
  /** Seconds. */
  readonly retryAfter = 2

  constructor(cause: unknown) {
    super('The session store is not available.', { cause })
    this.name = 'StoreUnavailable'
  }
}

/** The session was signed out, revoked or expired meanwhile (401). Nothing was written. */
export class SessionEnded extends Error {
  readonly status = 401
  readonly expose = true

  constructor() {
    super('This session has ended. Please sign in again.')
    this.name = 'SessionEnded'
  }
}

/** JSON cannot hold a value that the application set (500). Nothing was written. */
export class NotSerializable extends Error {
  readonly status = 500
  readonly path: readonly string[]

  constructor(path: readonly string[], what: string) {
    super(`A session cannot hold ${what}, at ${pathText(path)}`)
    this.name = 'NotSerializable'
    this.path = path
  }
}

const MAX_SHOWN_NAMES = 8

export function pathText(path: readonly string[]): string {
  const shown = path.slice(0, MAX_SHOWN_NAMES).map((name) => JSON.stringify(name))
  return [...shown, ...(path.length > MAX_SHOWN_NAMES ? ['…'] : [])].join('.')
}

/**
 * Postgres refuses the content or the row of this session alone (500): a character that the
 * database's encoding lacks, an account that is too long for its index, a trigger. Nothing was
 * written, and a retry would fail the same way. The cause is the error of pg.
 */
export class SessionRefused extends Error {
  readonly status = 500

  constructor(cause: unknown) {
    super('Postgres refuses this session.', { cause })
    this.name = 'SessionRefused'
  }
}

/** The session is larger than `maxBytes` (413). Nothing was written. */
export class SessionTooLarge extends Error {
  readonly status = 413
  readonly expose = true

  constructor(bytes: number, maxBytes: number) {
    super(`This session would hold ${bytes} bytes; the limit is ${maxBytes}.`)
    this.name = 'SessionTooLarge'
  }
}

/** A session's row as it was read: its JSON to the letter, and what is needed to change it safely. */
export interface Row {
  readonly text: string
  /** Differs after every change of the row. */
  readonly version: string
  /** Milliseconds until it expires without activity. */
  readonly idleExpiryMs: number
  /** Milliseconds until it ends whatever its activity; Infinity where nothing says so yet. */
  readonly absoluteExpiryMs: number
}

/** What is written: the session's JSON, and whose it is. */
export interface Content {
  readonly text: string
  readonly accountId: string | null
}

/** Milliseconds from now, by the table's own clock: without activity, and at most. */
export interface Lifetime {
  readonly idleMs: number
  readonly absoluteMs: number
  /** The application chose another lifetime: the expiry may move back. */
  readonly mayShorten?: boolean
}

/** Where sessions are kept. A session that has expired is not there for any of these. */
export interface SessionTable {
  read(sid: string): Promise<Row | undefined>
  /** Whether one of these ids ended, or got another name, within the last minute. */
  endedRecently(...sids: readonly string[]): Promise<boolean>
  /** The new row's version; undefined where the id is taken. */
  insert(sid: string, content: Content, lifetime: Lifetime): Promise<string | undefined>
  /** The new version; undefined where the row is gone or has another version. With `life` the expiry moves as well. */
  update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined>
  /** Changes the row while nobody else can; undefined where it is gone. With `life` the expiry moves as well. */
  updateLocked(
    sid: string,
    transform: (row: Row) => Content & { readonly lifetime?: Lifetime | undefined },
  ): Promise<{ readonly content: Content; readonly version: string } | undefined>
  /** The row under another id and with the contents that `make` gives it, in one commit; undefined where it is gone. */
  rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime): Promise<Row | undefined>
  /**
   * The JSON of the session that took the place of `sid`, where that was within the last ten minutes and it still lives
   * and belongs to `account`.
   */
  successor(sid: string, accountId: string): Promise<string | undefined>
  /** Moves the expiry on, never back, where the row has this version still; whether it did. */
  touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean>
  /** Also where it was renamed a moment ago. */
  destroy(sid: string): Promise<number>
  destroyByAccount(accountId: string, exceptSid?: string): Promise<number>
  deleteExpired(limit: number): Promise<number>
  count(): Promise<number>
  all(): Promise<ReadonlyMap<string, string>>
  clear(): Promise<number>
}

export interface Row {
  /** The session's JSON, exactly as stored. */
  readonly text: string
  /** Changes with every update of the row. */
  readonly version: string
  /** Milliseconds until the session expires without activity. */
  readonly idleExpiryMs: number
  /** Milliseconds until the session ends whatever its activity; Infinity where the row has no limit yet. */
  readonly absoluteExpiryMs: number
}

export interface Content {
  /** The session's JSON. */
  readonly text: string
  readonly accountId: string | null
}

/** Milliseconds from now, by the table's clock. */
export interface Lifetime {
  /** Without activity. */
  readonly idleMs: number
  /** Whatever the activity. */
  readonly absoluteMs: number
  /** The application chose another lifetime, so the expiry may move back. */
  readonly mayShorten?: boolean
}

/** Where sessions are stored. No method sees an expired session. */
export interface SessionTable {
  read(sid: string): Promise<Row | undefined>
  /** Whether one of these sids ended or was rotated within the last minute. */
  endedRecently(...sids: readonly string[]): Promise<boolean>
  /** The version of the new row; undefined where the sid exists. */
  insert(sid: string, content: Content, lifetime: Lifetime): Promise<string | undefined>
  /** The new version; undefined where the row is gone or has another version. `lifetime` moves the expiry, too. */
  update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined>
  /** Updates the row under its lock; undefined where it is gone. */
  updateLocked(
    sid: string,
    transform: (row: Row) => Content & { readonly lifetime?: Lifetime | undefined },
  ): Promise<{ readonly content: Content; readonly version: string } | undefined>
  /** Gives the row another sid and the content of `transform` in one commit; undefined where it is gone. */
  rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime): Promise<Row | undefined>
  /** The JSON of the live session of `accountId` that replaced `sid` within the last ten minutes. */
  successor(sid: string, accountId: string): Promise<string | undefined>
  /** Moves the expiry, never back, where the row still has this version. Returns whether it moved. */
  touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean>
  /** Ends the session, also where `sid` was rotated a moment ago. Returns how many rows were deleted. */
  destroy(sid: string): Promise<number>
  destroyByAccount(accountId: string, exceptSid?: string): Promise<number>
  deleteExpired(limit: number): Promise<number>
  count(): Promise<number>
  /** JSON by sid. */
  all(): Promise<ReadonlyMap<string, string>>
  clear(): Promise<number>
}

export interface Row {
  /** The session's JSON, exactly as stored. */
  readonly text: string
  /** Changes with every update of the row. */
  readonly version: string
  /** Milliseconds until the session expires without activity. */
  readonly idleExpiryMs: number
  /** Milliseconds until it ends whatever the activity. Infinity where the row has no limit. */
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
  /** The version of the new row; undefined where the sid exists or ended within ten minutes. */
  insert(sid: string, content: Content, lifetime: Lifetime): Promise<string | undefined>
  /** The new version; undefined where the row has another version or is gone. */
  update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined>
  /** Updates the row under its lock; undefined where it is gone. */
  updateLocked(
    sid: string,
    transform: (row: Row) => Content & { readonly lifetime?: Lifetime | undefined },
  ): Promise<{ readonly content: Content; readonly version: string } | undefined>
  /** New sid and new content in one commit; undefined where the row is gone. */
  rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime): Promise<Row | undefined>
  /** Another sid for the same row, without a tombstone. Returns whether there was a row. */
  rename(sid: string, next: string): Promise<boolean>
  /** The JSON of the account's live session that replaced `sid` within ten minutes. */
  successor(sid: string, accountId: string): Promise<string | undefined>
  /** Moves the expiry, never back, where the row has this version. Returns whether it moved. */
  touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean>
  /** Also where `sid` was rotated a moment ago. Returns how many rows were deleted. */
  destroy(sid: string): Promise<number>
  /** The live sessions of an account by sid, the newest first. */
  byAccount(accountId: string): Promise<ReadonlyMap<string, Row>>
  /** Destroys the account's oldest sessions above `max`, but not `sid`. Exact, also at once. */
  limitAccount(accountId: string, max: number, sid: string): Promise<number>
  destroyByAccount(accountId: string, exceptSid?: string): Promise<number>
  /** `exclusively`: 0 while another process deletes exclusively. */
  deleteExpired(limit: number, exclusively?: boolean): Promise<number>
  count(): Promise<number>
  /** JSON by sid. */
  all(): Promise<ReadonlyMap<string, string>>
  clear(): Promise<number>
}

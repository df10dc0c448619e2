/** A session's row as it was read: its JSON to the letter, and what is needed to change it safely. */
export interface Row {
  readonly text: string
  /** Differs after every change of the row. */
  readonly version: string
  /** Milliseconds until it expires without activity. */
  readonly remaining: number
  /** Milliseconds until it ends whatever its activity; Infinity where nothing says so yet. */
  readonly ends: number
}

/** What is written: the session's JSON, and whose it is. */
export interface Content {
  readonly text: string
  readonly account: string | null
}

/** Milliseconds from now, by the table's own clock: without activity, and at most. */
export interface Life {
  readonly idle: number
  readonly absolute: number
  /** The application chose another lifetime: the expiry may move back. */
  readonly chosen?: boolean
}

/** Where sessions are kept. A session that has expired is not there for any of these. */
export interface Table {
  read(sid: string): Promise<Row | undefined>
  /** Whether one of these ids ended, or got another name, within the last minute. */
  endedLately(...sids: readonly string[]): Promise<boolean>
  /** The new row's version; undefined where the id is taken. */
  insert(sid: string, content: Content, life: Life): Promise<string | undefined>
  /** The new version; undefined where the row is gone or has another version. With `life` the expiry moves as well. */
  update(sid: string, version: string, content: Content, life?: Life): Promise<string | undefined>
  /** Changes the row while nobody else can; undefined where it is gone. With `life` the expiry moves as well. */
  change(
    sid: string,
    make: (row: Row) => Content & { readonly life?: Life | undefined },
  ): Promise<{ readonly content: Content; readonly version: string } | undefined>
  /** The row under another id and with the contents that `make` gives it, in one commit; undefined where it is gone. */
  rename(sid: string, next: string, make: (row: Row) => Content, life: Life): Promise<Row | undefined>
  /**
   * The JSON of the session that took the place of `sid`, where that was within the last ten minutes and it still lives
   * and belongs to `account`.
   */
  successor(sid: string, account: string): Promise<string | undefined>
  /** Moves the expiry on, never back, where the row has this version still; whether it did. */
  renew(sid: string, life: Life, version?: string): Promise<boolean>
  /** Also where it was renamed a moment ago. */
  destroy(sid: string): Promise<number>
  endAccount(account: string, exceptSid?: string): Promise<number>
  removeExpired(batch: number): Promise<number>
  count(): Promise<number>
  all(): Promise<ReadonlyMap<string, string>>
  clear(): Promise<number>
}

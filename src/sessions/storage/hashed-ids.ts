import { createHash } from 'node:crypto'
import type { Content, Lifetime, Row, SessionTable } from './session-table.ts'

/** A row's id. No cookie can have one: `read` refuses it. */
const PREFIX = 'sha256:'

/**
 * Stores the hash of each id, so that nobody who reads the table can sign in. A row of before gets
 * its hash when it is next read. Ids that this table returns are hashes, and it takes them, too.
 */
export class HashedIdTable implements SessionTable {
  readonly #table: SessionTable

  constructor(table: SessionTable) {
    this.#table = table
  }

  async read(sid: string): Promise<Row | undefined> {
    // Else the hash from a stolen table, with a stolen secret, would be as good as the id.
    if (sid.startsWith(PREFIX)) return undefined
    const row = await this.#table.read(hashOf(sid))
    if (row !== undefined || !(await this.#table.rename(sid, hashOf(sid)))) return row
    return await this.#table.read(hashOf(sid))
  }

  endedRecently(...sids: readonly string[]): Promise<boolean> {
    return this.#table.endedRecently(...sids.map(hashOf))
  }

  insert(sid: string, content: Content, lifetime: Lifetime): Promise<string | undefined> {
    return this.#table.insert(hashOf(sid), content, lifetime)
  }

  update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined> {
    return this.#table.update(hashOf(sid), version, content, lifetime)
  }

  updateLocked(
    ...[sid, transform]: Parameters<SessionTable['updateLocked']>
  ): ReturnType<SessionTable['updateLocked']> {
    return this.#table.updateLocked(hashOf(sid), transform)
  }

  rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime): Promise<Row | undefined> {
    return this.#table.rotateId(hashOf(sid), hashOf(next), transform, lifetime)
  }

  rename(sid: string, next: string): Promise<boolean> {
    return this.#table.rename(hashOf(sid), hashOf(next))
  }

  successor(sid: string, accountId: string): Promise<string | undefined> {
    return this.#table.successor(hashOf(sid), accountId)
  }

  touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean> {
    return this.#table.touch(hashOf(sid), lifetime, version)
  }

  async destroy(sid: string): Promise<number> {
    // A row of before, which nothing has read yet.
    return (await this.#table.destroy(hashOf(sid))) || (await this.#table.destroy(sid))
  }

  byAccount(accountId: string): Promise<ReadonlyMap<string, Row>> {
    return this.#table.byAccount(accountId)
  }

  limitAccount(accountId: string, max: number, sid: string): Promise<number> {
    return this.#table.limitAccount(accountId, max, hashOf(sid))
  }

  destroyByAccount(accountId: string, exceptSid?: string): Promise<number> {
    return this.#table.destroyByAccount(accountId, exceptSid === undefined ? undefined : hashOf(exceptSid))
  }

  deleteExpired(limit: number, exclusively?: boolean): Promise<number> {
    return this.#table.deleteExpired(limit, exclusively)
  }

  count(): Promise<number> {
    return this.#table.count()
  }

  all(): Promise<ReadonlyMap<string, string>> {
    return this.#table.all()
  }

  clear(): Promise<number> {
    return this.#table.clear()
  }
}

/** An id has 192 random bits, so its hash needs no salt. */
function hashOf(sid: string): string {
  if (sid.startsWith(PREFIX)) return sid
  return PREFIX + createHash('sha256').update(sid).digest('base64url')
}

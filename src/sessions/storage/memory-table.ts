import type { Content, Lifetime, Row, SessionTable } from './session-table.ts'

interface StoredRow {
  text: string
  accountId: string | null
  version: number
  /** Both in milliseconds since 1970. */
  expiresAt: number
  endsAt: number
}

interface Tombstone {
  readonly endedAt: number
  readonly successor?: string
}

const RECENT_MS = 60_000
const TOMBSTONE_MS = 10 * RECENT_MS

/** Sessions in this process alone: a way back in an emergency, for one replica. */
export class MemoryTable implements SessionTable {
  readonly #rows = new Map<string, StoredRow>()
  readonly #tombstones = new Map<string, Tombstone>()

  async read(sid: string): Promise<Row | undefined> {
    const stored = this.#live(sid)
    return stored && toRow(stored)
  }

  async endedRecently(...sids: readonly string[]): Promise<boolean> {
    return sids.some((sid) => Date.now() - (this.#tombstones.get(sid)?.endedAt ?? 0) < RECENT_MS)
  }

  async insert(sid: string, content: Content, lifetime: Lifetime): Promise<string | undefined> {
    if (this.#live(sid) !== undefined || this.#isTombstone(sid)) return undefined
    this.#rows.set(sid, { ...content, version: 1, ...expiryOf(lifetime) })
    return '1'
  }

  async update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined> {
    const stored = this.#live(sid)
    if (stored === undefined || String(stored.version) !== version) return undefined
    return write(stored, content, lifetime)
  }

  // There is no await, so the event loop is the lock.
  async updateLocked(sid: string, transform: (row: Row) => Content & { lifetime?: Lifetime | undefined }) {
    const stored = this.#live(sid)
    if (stored === undefined) return undefined
    const { lifetime, ...content } = transform(toRow(stored))
    return { content, version: write(stored, content, lifetime) }
  }

  async rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime) {
    const stored = this.#live(sid)
    if (stored === undefined) return undefined
    const content = transform(toRow(stored))
    this.#end(sid, next)
    write(stored, content)
    Object.assign(stored, expiryOf(lifetime))
    this.#rows.set(next, stored)
    return toRow(stored)
  }

  async rename(sid: string, next: string): Promise<boolean> {
    const stored = this.#live(sid)
    if (stored === undefined || this.#live(next) !== undefined) return false
    this.#rows.delete(sid)
    this.#rows.set(next, stored)
    return true
  }

  async successor(sid: string, accountId: string): Promise<string | undefined> {
    const { endedAt = 0, successor } = this.#tombstones.get(sid) ?? {}
    if (successor === undefined || Date.now() - endedAt > TOMBSTONE_MS) return undefined
    const stored = this.#live(successor)
    return stored?.accountId === accountId ? stored.text : this.successor(successor, accountId)
  }

  async touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean> {
    const stored = this.#live(sid)
    if (stored === undefined || (version ?? String(stored.version)) !== String(stored.version)) return false
    moveExpiry(stored, lifetime)
    return true
  }

  async destroy(sid: string): Promise<number> {
    if (this.#end(sid)) return 1
    const successor = this.#tombstones.get(sid)?.successor
    return successor === undefined ? 0 : await this.destroy(successor)
  }

  async byAccount(accountId: string): Promise<ReadonlyMap<string, Row>> {
    return new Map(this.#newestOf(accountId).map(([sid, stored]) => [sid, toRow(stored)]))
  }

  // There is no await, so the event loop is the lock.
  async limitAccount(accountId: string, max: number, sid: string): Promise<number> {
    const others = this.#newestOf(accountId).flatMap(([other]) => (other === sid ? [] : [other]))
    const excess = others.slice(this.#live(sid) === undefined ? max : max - 1)
    for (const other of excess) this.#end(other)
    return excess.length
  }

  async destroyByAccount(accountId: string, exceptSid?: string): Promise<number> {
    const sids = [...this.#rows].filter(([sid, stored]) => stored.accountId === accountId && sid !== exceptSid)
    for (const [sid] of sids) this.#end(sid)
    return sids.length
  }

  async deleteExpired(): Promise<number> {
    const expired = [...this.#rows.keys()].filter((sid) => this.#live(sid) === undefined)
    for (const sid of expired) this.#rows.delete(sid)
    for (const [sid, { endedAt }] of this.#tombstones)
      if (Date.now() - endedAt > TOMBSTONE_MS) this.#tombstones.delete(sid)
    return expired.length
  }

  async count(): Promise<number> {
    return (await this.all()).size
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    const live = [...this.#rows].filter(([sid]) => this.#live(sid) !== undefined)
    return new Map(live.map(([sid, { text }]) => [sid, text]))
  }

  async clear(): Promise<number> {
    const sids = [...this.#rows.keys()]
    for (const sid of sids) this.#end(sid)
    return sids.length
  }

  #live(sid: string): StoredRow | undefined {
    const stored = this.#rows.get(sid)
    return stored !== undefined && stored.expiresAt > Date.now() ? stored : undefined
  }

  #newestOf(accountId: string): readonly (readonly [sid: string, stored: StoredRow])[] {
    const live = [...this.#rows].filter(([sid, stored]) => stored.accountId === accountId && this.#live(sid))
    return live.reverse().sort(([, one], [, other]) => other.endsAt - one.endsAt)
  }

  #isTombstone(sid: string): boolean {
    return Date.now() - (this.#tombstones.get(sid)?.endedAt ?? 0) < TOMBSTONE_MS
  }

  #end(sid: string, successor?: string): boolean {
    if (!this.#rows.delete(sid)) return false
    this.#tombstones.set(sid, { endedAt: Date.now(), ...(successor !== undefined && { successor }) })
    return true
  }
}

function write(stored: StoredRow, content: Content, lifetime?: Lifetime): string {
  Object.assign(stored, content, { version: stored.version + 1 })
  if (lifetime !== undefined) moveExpiry(stored, lifetime)
  return String(stored.version)
}

function expiryOf({ idleMs, absoluteMs }: Lifetime): Pick<StoredRow, 'expiresAt' | 'endsAt'> {
  const now = Date.now()
  return { expiresAt: now + Math.min(idleMs, absoluteMs), endsAt: now + absoluteMs }
}

function moveExpiry(stored: StoredRow, { idleMs, mayShorten }: Lifetime): void {
  const wanted = Date.now() + idleMs
  stored.expiresAt = Math.min(mayShorten ? wanted : Math.max(stored.expiresAt, wanted), stored.endsAt)
}

function toRow({ text, version, expiresAt, endsAt }: StoredRow): Row {
  const now = Date.now()
  return { text, version: String(version), idleExpiryMs: expiresAt - now, absoluteExpiryMs: endsAt - now }
}

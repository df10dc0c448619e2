import type { Content, Lifetime, Row, SessionTable } from './session-table.ts'

interface Kept {
  text: string
  account: string | null
  version: number
  expire: number
  ends: number
}

const MINUTE = 60_000
const EXCHANGEABLE = 10 * MINUTE

/** Sessions in this process alone, as before the move to Postgres: the way back in an emergency, for one replica only. */
export class MemoryTable implements SessionTable {
  readonly #rows = new Map<string, Kept>()
  readonly #ended = new Map<string, { readonly at: number; readonly renamed?: string }>()

  async read(sid: string): Promise<Row | undefined> {
    const kept = this.#live(sid)
    return kept && rowOf(kept)
  }

  async endedRecently(...sids: readonly string[]): Promise<boolean> {
    return sids.some((sid) => Date.now() - (this.#ended.get(sid)?.at ?? 0) < MINUTE)
  }

  async insert(
    sid: string,
    { text, accountId: account }: Content,
    { idleMs: idle, absoluteMs: absolute }: Lifetime,
  ): Promise<string | undefined> {
    if (this.#live(sid) !== undefined) return undefined
    const now = Date.now()
    this.#rows.set(sid, { text, account, version: 1, expire: now + Math.min(idle, absolute), ends: now + absolute })
    return '1'
  }

  async update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined> {
    const kept = this.#live(sid)
    if (kept === undefined || String(kept.version) !== version) return undefined
    Object.assign(kept, content, { version: kept.version + 1 })
    if (lifetime !== undefined) move(kept, lifetime)
    return String(kept.version)
  }

  // Without a wait in between: nobody else's turn comes.
  async updateLocked(sid: string, transform: (row: Row) => Content & { lifetime?: Lifetime | undefined }) {
    const kept = this.#live(sid)
    if (kept === undefined) return undefined
    const { lifetime, ...content } = transform(rowOf(kept))
    Object.assign(kept, content, { version: kept.version + 1 })
    if (lifetime !== undefined) move(kept, lifetime)
    return { content, version: String(kept.version) }
  }

  async rotateId(
    sid: string,
    next: string,
    transform: (row: Row) => Content,
    { idleMs: idle, absoluteMs: absolute }: Lifetime,
  ) {
    const kept = this.#live(sid)
    if (kept === undefined) return undefined
    const content = transform(rowOf(kept))
    this.#end(sid, next)
    const now = Date.now()
    Object.assign(kept, content, {
      version: kept.version + 1,
      expire: now + Math.min(idle, absolute),
      ends: now + absolute,
    })
    this.#rows.set(next, kept)
    return rowOf(kept)
  }

  async successor(sid: string, account: string): Promise<string | undefined> {
    const { at = 0, renamed } = this.#ended.get(sid) ?? {}
    if (renamed === undefined || Date.now() - at > EXCHANGEABLE) return undefined
    const kept = this.#live(renamed)
    return kept?.account === account ? kept.text : this.successor(renamed, account)
  }

  async touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean> {
    const kept = this.#live(sid)
    if (kept === undefined || (version ?? String(kept.version)) !== String(kept.version)) return false
    move(kept, lifetime)
    return true
  }

  async destroy(sid: string): Promise<number> {
    if (this.#end(sid)) return 1
    const renamed = this.#ended.get(sid)?.renamed
    return renamed === undefined ? 0 : await this.destroy(renamed)
  }

  async destroyByAccount(account: string, exceptSid?: string): Promise<number> {
    const theirs = [...this.#rows].filter(([sid, kept]) => kept.account === account && sid !== exceptSid)
    for (const [sid] of theirs) this.#end(sid)
    return theirs.length
  }

  async deleteExpired(): Promise<number> {
    const expired = [...this.#rows.keys()].filter((sid) => this.#live(sid) === undefined)
    for (const sid of expired) this.#rows.delete(sid)
    for (const [sid, { at }] of this.#ended) if (Date.now() - at > EXCHANGEABLE) this.#ended.delete(sid)
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

  #live(sid: string): Kept | undefined {
    const kept = this.#rows.get(sid)
    return kept !== undefined && kept.expire > Date.now() ? kept : undefined
  }

  #end(sid: string, renamed?: string): boolean {
    if (!this.#rows.delete(sid)) return false
    this.#ended.set(sid, { at: Date.now(), ...(renamed !== undefined && { renamed }) })
    return true
  }
}

function move(kept: Kept, { idleMs: idle, mayShorten: chosen }: Lifetime): void {
  const wanted = Date.now() + idle
  kept.expire = Math.min(chosen ? wanted : Math.max(kept.expire, wanted), kept.ends)
}

function rowOf({ text, version, expire, ends }: Kept): Row {
  const now = Date.now()
  return { text, version: String(version), idleExpiryMs: expire - now, absoluteExpiryMs: ends - now }
}

import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { SessionRefused } from '../errors.ts'
import { createUpdates, type Update } from './batched-updates.ts'
import { type Ask, createBatches } from './batcher.ts'
import { DEADLINE } from './deadline.ts'
import { Queries, type Report, type Values } from './query-runner.ts'
import type { Content, Life, Row, Table } from './session-table.ts'
import * as sql from './sql.ts'

type Renewal = { readonly sid: string; readonly life: Life; readonly version: string | undefined }

/** Sessions in the table `session`. A statement that times out is not cancelled: whether it was committed is known to nobody. */
export class PostgresTable implements Table {
  readonly #queries: Queries
  readonly read: Ask<string, Row | undefined>
  readonly #renew: Ask<Renewal, boolean>
  readonly #update: Ask<Update, string | undefined>

  constructor(pool: Pool, report: Report) {
    this.#queries = new Queries(pool, report)
    this.read = createBatches((sids, patience) => this.#readAll(sids, patience), DEADLINE)
    this.#renew = createBatches((renewals, patience) => this.#renewAll(renewals, patience), DEADLINE)
    this.#update = createUpdates(this.#queries)
  }

  async endedLately(...sids: readonly string[]): Promise<boolean> {
    return (await this.#queries.ask('ended', sql.ENDED_LATELY, [sids], { again: true })).rowCount !== 0
  }

  async insert(sid: string, { text, account }: Content, { idle, absolute }: Life): Promise<string | undefined> {
    return first(await this.#queries.ask('insert', sql.INSERT, [sid, text, account, idle, absolute]))
  }

  update(sid: string, version: string, content: Content, life?: Life): Promise<string | undefined> {
    return this.#update({ sid, version, content, life })
  }

  change(sid: string, make: (row: Row) => Content & { life?: Life | undefined }) {
    return this.#queries.transaction('change', (client) => changeLocked(client, sid, make))
  }

  rename(sid: string, next: string, make: (row: Row) => Content, life: Life): Promise<Row | undefined> {
    return this.#queries.transaction('rename', (client) => renameLocked(client, sid, next, make, life))
  }

  async successor(sid: string, account: string): Promise<string | undefined> {
    return first(await this.#queries.ask('successor', sql.SUCCESSOR, [sid, account], { again: true }))
  }

  renew(sid: string, life: Life, version?: string): Promise<boolean> {
    return this.#renew({ sid, life, version })
  }

  async destroy(sid: string): Promise<number> {
    const { rowCount } = await this.#queries.ask('destroy', sql.DESTROY, [sid])
    if (rowCount) return rowCount
    // It got another id while this was under way, for which a statement that began before is blind.
    return (await this.#queries.ask('destroy renamed', sql.DESTROY_RENAMED, [sid])).rowCount ?? 0
  }

  async endAccount(account: string, exceptSid?: string): Promise<number> {
    return (await this.#queries.ask('end account', sql.END_ACCOUNT, [account, exceptSid ?? null])).rowCount ?? 0
  }

  async removeExpired(batch: number): Promise<number> {
    await this.#queries.ask('forget ended', sql.FORGET_ENDED, [batch])
    return (await this.#queries.ask('remove expired', sql.REMOVE_EXPIRED, [batch])).rowCount ?? 0
  }

  async count(): Promise<number> {
    return (await this.#queries.ask('length', sql.LENGTH, [])).rows[0]?.[0] as number
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#queries.ask('all', sql.ALL, [])).rows as [string, string][])
  }

  async clear(): Promise<number> {
    return (await this.#queries.ask('clear', sql.CLEAR, [])).rowCount ?? 0
  }

  async #readAll(sids: readonly string[], patience: number): Promise<(Row | undefined | Promise<Row | undefined>)[]> {
    const different = [...new Set(sids)]
    const start = performance.now()
    try {
      const { rows } = await this.#queries.ask('read', sql.READ, [different], { patience, again: true })
      const found = new Map(rows.map(([sid, ...row]) => [sid as string, rowOf(row)]))
      return sids.map((sid) => found.get(sid))
    } catch (error) {
      if (different.length === 1 || !(error instanceof SessionRefused)) throw error
      // One row that cannot be read must not fail the others.
      const rest = Math.max(1, patience - (performance.now() - start))
      return sids.map((sid) => this.#readAll([sid], rest).then(([row]) => row))
    }
  }

  async #renewAll(renewals: readonly Renewal[], patience: number): Promise<boolean[]> {
    // Two requests of one session may come together: a row is updated once by a statement, whichever asks for it.
    const bySid = new Map(renewals.map((renewal) => [renewal.sid, renewal]))
    const due = [...bySid.values()]
    const values = [
      [...bySid.keys()],
      due.map(({ life }) => life.idle),
      due.map(({ life }) => life.absolute),
      due.map(({ version }) => version ?? null),
    ]
    const { rows } = await this.#queries.ask('renew', sql.RENEW, values, { patience })
    const renewed = new Set(rows.map(([sid]) => sid))
    return renewals.map(({ sid }) => renewed.has(sid))
  }
}

async function lock(client: PoolClient, sid: string): Promise<Row | undefined> {
  const { rows } = await client.query({ text: sql.LOCK, values: [sid], rowMode: 'array' })
  return rows[0] && rowOf(rows[0])
}

async function renameLocked(client: PoolClient, sid: string, next: string, make: (row: Row) => Content, life: Life) {
  const row = await lock(client, sid)
  if (row === undefined) return undefined
  const { text, account } = make(row)
  const values = [sid, next, text, account, life.idle, life.absolute]
  const { rows } = await client.query({ text: sql.RENAME, values, rowMode: 'array' })
  return rows[0] && rowOf(rows[0])
}

async function changeLocked(
  client: PoolClient,
  sid: string,
  make: (row: Row) => Content & { life?: Life | undefined },
) {
  const row = await lock(client, sid)
  if (row === undefined) return undefined
  const { life, ...content } = make(row)
  const values = [sid, row.version, content.text, content.account]
  const [text, more] =
    life === undefined ? [sql.UPDATE, []] : [sql.UPDATE_AND_RENEW, [life.idle, life.absolute, life.chosen ?? false]]
  const version = first(await client.query({ text, values: [...values, ...more], rowMode: 'array' }))
  return version === undefined ? undefined : { content, version }
}

function rowOf([text, version, remaining, ends]: Values): Row {
  return { text: text as string, version: version as string, remaining: remaining as number, ends: ends as number }
}

function first({ rows }: QueryArrayResult): string | undefined {
  return rows[0]?.[0] as string | undefined
}

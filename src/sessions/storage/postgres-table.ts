import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { SessionRefused } from '../errors.ts'
import { createBatchedUpdates, touchValues, type Update } from './batched-updates.ts'
import { type Batched, createBatcher } from './batcher.ts'
import { DEADLINE_MS } from './deadline.ts'
import { type OnQuery, QueryRunner, type Values } from './query-runner.ts'
import type { Content, Lifetime, Row, SessionTable } from './session-table.ts'
import { type Statements, statementsFor } from './sql.ts'
import { statementPrefix, type TableName } from './table-name.ts'

type Touch = { readonly sid: string; readonly lifetime: Lifetime; readonly version: string | undefined }

/** Sessions in the table `session`. */
export class PostgresTable implements SessionTable {
  readonly #queries: QueryRunner
  readonly #sql: Statements
  readonly read: Batched<string, Row | undefined>
  readonly #touch: Batched<Touch, boolean>
  readonly #update: Batched<Update, string | undefined>

  constructor(pool: Pool, onQuery: OnQuery, table: TableName = {}) {
    this.#sql = statementsFor(table)
    this.#queries = new QueryRunner(pool, onQuery, statementPrefix(table))
    this.read = createBatcher((sids, timeoutMs) => this.#readAll(sids, timeoutMs), DEADLINE_MS)
    this.#touch = createBatcher((touches, timeoutMs) => this.#touchAll(touches, timeoutMs), DEADLINE_MS)
    this.#update = createBatchedUpdates(this.#queries, this.#sql)
  }

  async endedRecently(...sids: readonly string[]): Promise<boolean> {
    return (
      (await this.#queries.run('ended recently', this.#sql.ENDED_RECENTLY, [sids], { retryOnce: true })).rowCount !== 0
    )
  }

  async insert(
    sid: string,
    { text, accountId }: Content,
    { idleMs, absoluteMs }: Lifetime,
  ): Promise<string | undefined> {
    return first(await this.#queries.run('insert', this.#sql.INSERT, [sid, text, accountId, idleMs, absoluteMs]))
  }

  update(sid: string, version: string, content: Content, lifetime?: Lifetime): Promise<string | undefined> {
    return this.#update({ sid, version, content, lifetime })
  }

  updateLocked(sid: string, transform: (row: Row) => Content & { lifetime?: Lifetime | undefined }) {
    return this.#queries.transaction('update locked', (client) => updateRowLocked(client, this.#sql, sid, transform))
  }

  rotateId(sid: string, next: string, transform: (row: Row) => Content, lifetime: Lifetime): Promise<Row | undefined> {
    return this.#queries.transaction('rotate id', (client) =>
      rotateIdLocked(client, this.#sql, sid, next, transform, lifetime),
    )
  }

  async rename(sid: string, next: string): Promise<boolean> {
    return (await this.#queries.run('rename', this.#sql.RENAME, [sid, next])).rowCount !== 0
  }

  async successor(sid: string, accountId: string): Promise<string | undefined> {
    return first(await this.#queries.run('successor', this.#sql.SUCCESSOR, [sid, accountId], { retryOnce: true }))
  }

  touch(sid: string, lifetime: Lifetime, version?: string): Promise<boolean> {
    return this.#touch({ sid, lifetime, version })
  }

  async destroy(sid: string): Promise<number> {
    const { rowCount } = await this.#queries.run('destroy', this.#sql.DESTROY, [sid])
    if (rowCount) return rowCount
    // The sid may have been rotated after the first statement took its snapshot.
    return (await this.#queries.run('destroy rotated', this.#sql.DESTROY_ROTATED, [sid])).rowCount ?? 0
  }

  async byAccount(accountId: string): Promise<ReadonlyMap<string, Row>> {
    const { rows } = await this.#queries.run('by account', this.#sql.BY_ACCOUNT, [accountId], { retryOnce: true })
    return new Map(rows.map(([sid, ...row]) => [sid as string, rowOf(row)]))
  }

  limitAccount(accountId: string, max: number, sid: string): Promise<number> {
    return this.#queries.transaction('limit account', async (client) => {
      await client.query(this.#sql.LOCK_ACCOUNT, [accountId])
      return (await client.query(this.#sql.LIMIT_ACCOUNT, [accountId, max, sid])).rowCount ?? 0
    })
  }

  async destroyByAccount(accountId: string, exceptSid?: string): Promise<number> {
    const values = [accountId, exceptSid ?? null]
    return (await this.#queries.run('destroy by account', this.#sql.DESTROY_BY_ACCOUNT, values)).rowCount ?? 0
  }

  async deleteExpired(limit: number, exclusively = false): Promise<number> {
    await this.#queries.run('delete tombstones', this.#sql.DELETE_OLD_TOMBSTONES, [limit])
    return (await this.#queries.run('delete expired', this.#sql.DELETE_EXPIRED, [limit, exclusively])).rowCount ?? 0
  }

  async count(): Promise<number> {
    return (await this.#queries.run('count', this.#sql.COUNT, [])).rows[0]?.[0] as number
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#queries.run('all', this.#sql.ALL, [])).rows as [string, string][])
  }

  async clear(): Promise<number> {
    return (await this.#queries.run('clear', this.#sql.CLEAR, [])).rowCount ?? 0
  }

  async #readAll(sids: readonly string[], timeoutMs: number): Promise<(Row | undefined | Promise<Row | undefined>)[]> {
    const unique = [...new Set(sids)]
    const start = performance.now()
    try {
      const { rows } = await this.#queries.run('read', this.#sql.READ, [unique], { timeoutMs, retryOnce: true })
      const found = new Map(rows.map(([sid, ...row]) => [sid as string, rowOf(row)]))
      return sids.map((sid) => found.get(sid))
    } catch (error) {
      if (unique.length === 1 || !(error instanceof SessionRefused)) throw error
      // One unreadable row must not fail the others.
      const remainingMs = Math.max(1, timeoutMs - (performance.now() - start))
      return sids.map((sid) => this.#readAll([sid], remainingMs).then(([row]) => row))
    }
  }

  async #touchAll(touches: readonly Touch[], timeoutMs: number): Promise<boolean[]> {
    // A statement updates a row once, so concurrent touches of one session count as one.
    const bySid = new Map(touches.map((touch) => [touch.sid, touch]))
    const due = [...bySid.values()]
    const values = [
      [...bySid.keys()],
      due.map(({ lifetime }) => lifetime.idleMs),
      due.map(({ lifetime }) => lifetime.absoluteMs),
      due.map(({ version }) => version ?? null),
    ]
    const { rows } = await this.#queries.run('touch', this.#sql.TOUCH_MANY, values, { timeoutMs })
    const touched = new Set(rows.map(([sid]) => sid))
    return touches.map(({ sid }) => touched.has(sid))
  }
}

async function lockRow(client: PoolClient, sql: Statements, sid: string): Promise<Row | undefined> {
  const { rows } = await client.query({ text: sql.LOCK, values: [sid], rowMode: 'array' })
  return rows[0] && rowOf(rows[0])
}

async function rotateIdLocked(
  client: PoolClient,
  sql: Statements,
  sid: string,
  next: string,
  transform: (row: Row) => Content,
  lifetime: Lifetime,
) {
  const row = await lockRow(client, sql, sid)
  if (row === undefined) return undefined
  const { text, accountId } = transform(row)
  const values = [sid, next, text, accountId, lifetime.idleMs, lifetime.absoluteMs]
  const { rows } = await client.query({ text: sql.ROTATE_ID, values, rowMode: 'array' })
  return rows[0] && rowOf(rows[0])
}

async function updateRowLocked(
  client: PoolClient,
  sql: Statements,
  sid: string,
  transform: (row: Row) => Content & { lifetime?: Lifetime | undefined },
) {
  const row = await lockRow(client, sql, sid)
  if (row === undefined) return undefined
  const { lifetime, ...content } = transform(row)
  const values = [sid, row.version, content.text, content.accountId]
  const [text, more] = lifetime === undefined ? [sql.UPDATE, []] : [sql.UPDATE_AND_TOUCH, touchValues(lifetime)]
  const version = first(await client.query({ text, values: [...values, ...more], rowMode: 'array' }))
  return version === undefined ? undefined : { content, version }
}

function rowOf([text, version, idleExpiryMs, absoluteExpiryMs]: Values): Row {
  return {
    text: text as string,
    version: version as string,
    idleExpiryMs: idleExpiryMs as number,
    absoluteExpiryMs: absoluteExpiryMs as number,
  }
}

function first({ rows }: QueryArrayResult): string | undefined {
  return rows[0]?.[0] as string | undefined
}

import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { type Ask, createBatches } from './batches.ts'
import { StoreUnavailable } from './errors.ts'
import * as sql from './statements.ts'
import type { Content, Life, Row, Table } from './table.ts'

/** What is told of each statement; log lines and metrics are made of it elsewhere. */
export type Report = (operation: string, outcome: 'ok' | 'error', seconds: number, error?: unknown) => void

/** Milliseconds for a statement with all that it waits for: a connection, its place in the queue, and the one retry of a read. */
const DEADLINE = 3000

/** The server went away, and another connection may find it: shut down, or no longer the primary after a failover. */
const WENT_AWAY = new Set(['57P01', '57P02', '25006', 'ECONNRESET', 'EPIPE'])

type Values = readonly unknown[]
interface Asking {
  /** Milliseconds; default: the deadline. */
  readonly patience?: number
  /** Whether an error is worth a second try. */
  readonly again?: (error: unknown) => boolean
}
type Renewal = { readonly sid: string; readonly life: Life }

/** Sessions in the table `session`. A statement that times out is not cancelled: whether it was committed is known to nobody. */
export class PostgresTable implements Table {
  readonly #pool: Pool
  readonly #report: Report
  readonly read: Ask<string, Row | undefined>
  readonly #renew: Ask<Renewal, boolean>

  constructor(pool: Pool, report: Report) {
    this.#pool = pool
    this.#report = report
    this.read = createBatches((sids, patience) => this.#readAll(sids, patience), DEADLINE)
    this.#renew = createBatches((renewals, patience) => this.#renewAll(renewals, patience), DEADLINE)
  }

  async endedLately(sid: string): Promise<boolean> {
    return (await this.#ask('ended', sql.ENDED_LATELY, [sid])).rowCount === 1
  }

  async insert(sid: string, { text, account }: Content, { idle, absolute }: Life): Promise<string | undefined> {
    return first(await this.#ask('insert', sql.INSERT, [sid, text, account, idle, absolute]))
  }

  async update(sid: string, version: string, { text, account }: Content, life?: Life): Promise<string | undefined> {
    const values = [sid, version, text, account]
    if (life === undefined) return first(await this.#ask('update', sql.UPDATE, values))
    return first(await this.#ask('update and renew', sql.UPDATE_AND_RENEW, [...values, life.idle, life.absolute]))
  }

  change(sid: string, make: (row: Row) => Content, life?: Life) {
    return this.#timed('change', () => this.#inTransaction((client) => changeLocked(client, sid, make, life)))
  }

  async rename(sid: string, next: string, { idle, absolute }: Life): Promise<Row | undefined> {
    const [row] = (await this.#ask('rename', sql.RENAME, [sid, next, idle, absolute])).rows
    return row === undefined ? undefined : rowOf(row)
  }

  renew(sid: string, life: Life): Promise<boolean> {
    return this.#renew({ sid, life })
  }

  async destroy(sid: string): Promise<number> {
    return (await this.#ask('destroy', sql.DESTROY, [sid])).rowCount ?? 0
  }

  async endAccount(account: string, exceptSid?: string): Promise<number> {
    return (await this.#ask('end account', sql.END_ACCOUNT, [account, exceptSid ?? null])).rowCount ?? 0
  }

  async removeExpired(batch: number): Promise<number> {
    await this.#ask('forget ended', sql.FORGET_ENDED, [batch])
    return (await this.#ask('remove expired', sql.REMOVE_EXPIRED, [batch])).rowCount ?? 0
  }

  async count(): Promise<number> {
    return (await this.#ask('length', sql.LENGTH, [])).rows[0]?.[0] as number
  }

  async all(): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.#ask('all', sql.ALL, [])).rows as [string, string][])
  }

  async clear(): Promise<number> {
    return (await this.#ask('clear', sql.CLEAR, [])).rowCount ?? 0
  }

  async #readAll(sids: readonly string[], patience: number): Promise<(Row | undefined)[]> {
    const different = [...new Set(sids)]
    const { rows } = await this.#ask('read', sql.READ, [different], { patience, again: isAway })
    const found = new Map(rows.map(([sid, ...row]) => [sid as string, rowOf(row)]))
    return sids.map((sid) => found.get(sid))
  }

  async #renewAll(renewals: readonly Renewal[], patience: number): Promise<boolean[]> {
    // Two requests of one session may come together: a row is updated once by a statement, whichever asks for it.
    const bySid = new Map(renewals.map((renewal) => [renewal.sid, renewal]))
    const lives = [...bySid.values()].map(({ life }) => life)
    const values = [[...bySid.keys()], lives.map(({ idle }) => idle), lives.map(({ absolute }) => absolute)]
    const { rows } = await this.#ask('renew', sql.RENEW, values, { patience })
    const renewed = new Set(rows.map(([sid]) => sid))
    return renewals.map(({ sid }) => renewed.has(sid))
  }

  #ask(operation: string, text: string, values: Values, { patience = DEADLINE, again = never }: Asking = {}) {
    const send = (): Promise<QueryArrayResult> =>
      this.#pool.query({ name: `session ${operation}`, text, values: [...values], rowMode: 'array' })
    const work = () => send().catch((error) => (again(error) ? send() : Promise.reject(error)))
    return this.#timed(operation, work, patience)
  }

  async #timed<Result>(operation: string, work: () => Promise<Result>, patience = DEADLINE): Promise<Result> {
    const start = performance.now()
    const seconds = () => (performance.now() - start) / 1000
    try {
      const result = await within(patience, work())
      this.#report(operation, 'ok', seconds())
      return result
    } catch (error) {
      this.#report(operation, 'error', seconds(), error)
      throw new StoreUnavailable(error)
    }
  }

  async #inTransaction<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect()
    try {
      await client.query('BEGIN')
      const result = await work(client)
      await client.query('COMMIT')
      client.release()
      return result
    } catch (error) {
      // Closed, not handed back: it may be stuck, or in the middle of a transaction.
      client.release(true)
      throw error
    }
  }
}

async function changeLocked(client: PoolClient, sid: string, make: (row: Row) => Content, life?: Life) {
  const { rows } = await client.query({ text: sql.LOCK, values: [sid], rowMode: 'array' })
  if (rows[0] === undefined) return undefined
  const row = rowOf(rows[0])
  const content = make(row)
  const values = [sid, row.version, content.text, content.account]
  const [text, more] = life === undefined ? [sql.UPDATE, []] : [sql.UPDATE_AND_RENEW, [life.idle, life.absolute]]
  const version = first(await client.query({ text, values: [...values, ...more], rowMode: 'array' }))
  return version === undefined ? undefined : { content, version }
}

function rowOf([text, version, remaining, ends]: Values): Row {
  return { text: text as string, version: version as string, remaining: remaining as number, ends: ends as number }
}

function first({ rows }: QueryArrayResult): string | undefined {
  return rows[0]?.[0] as string | undefined
}

function never(): boolean {
  return false
}

function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return WENT_AWAY.has(code ?? '') || /Connection terminated/.test(message ?? '')
}

async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(milliseconds)} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

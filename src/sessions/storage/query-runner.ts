import { setTimeout as wait } from 'node:timers/promises'
import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { SessionRefused, StoreUnavailable } from '../errors.ts'
import { warnOnce } from '../warn-once.ts'
import { DEADLINE_MS, withTimeout } from './deadline.ts'

/** Called after each statement, for logs and metrics. `error` is the error of pg. */
export type OnQuery = (operation: string, outcome: 'ok' | 'error', seconds: number, error?: unknown) => void

export type Values = readonly unknown[]

/** The server shut down, or is no longer the primary. Another connection may succeed. */
const CONNECTION_LOST = new Set(['57P01', '57P02', '25006', 'ECONNRESET', 'EPIPE'])
/** In this time the pool has noticed which other idle connections broke at the same moment. */
const POOL_RECOVERY_MS = 50

interface RunOptions {
  /** Default DEADLINE_MS. */
  readonly timeoutMs?: number
  /** For reads: retries once after a lost connection. */
  readonly retryOnce?: boolean
}

/** Prepared statements over a pool. A timeout cancels nothing, so the outcome is unknown. */
export class QueryRunner {
  readonly #pool: Pool
  readonly #onQuery: OnQuery
  readonly #namePrefix: string

  /** `prefix` tells apart the prepared statements of two tables over one pool. */
  constructor(pool: Pool, onQuery: OnQuery, prefix: string) {
    this.#pool = pool
    this.#onQuery = onQuery
    this.#namePrefix = prefix
  }

  /** Throws SessionRefused or StoreUnavailable. The cause is the error of pg. */
  run(
    operation: string,
    text: string,
    values: Values,
    { timeoutMs = DEADLINE_MS, retryOnce = false }: RunOptions = {},
  ) {
    const send = (): Promise<QueryArrayResult> =>
      this.#pool.query({ name: `${this.#namePrefix} ${operation}`, text, values: [...values], rowMode: 'array' })
    return this.#timed(operation, retryOnce ? () => this.#withRetry(send) : send, timeoutMs)
  }

  /** Throws as `run`. */
  transaction<Result>(operation: string, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    return this.#timed(operation, () => this.#inTransaction(work), DEADLINE_MS)
  }

  async #withRetry<Result>(send: () => Promise<Result>): Promise<Result> {
    try {
      return await send()
    } catch (error) {
      if (!isConnectionLost(error)) throw error
      await wait(POOL_RECOVERY_MS)
      return await send()
    }
  }

  async #timed<Result>(operation: string, work: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    const start = performance.now()
    const seconds = () => (performance.now() - start) / 1000
    try {
      const result = await withTimeout(timeoutMs, work())
      this.#onQuery(operation, 'ok', seconds())
      return result
    } catch (error) {
      const cause = error instanceof StoreUnavailable ? error.cause : error
      this.#onQuery(operation, 'error', seconds(), cause)
      warnOfSetup(cause)
      throw isRejectedValue(cause) ? new SessionRefused(cause) : new StoreUnavailable(cause)
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
      // Discards the connection: it may be stuck, or inside a transaction.
      client.release(true)
      throw error
    }
  }
}

/** No table, no column, no function: SQLSTATE. */
const SCHEMA_ERRORS = new Set(['42P01', '42703', '42883'])

/** What an operator must mend. Each request fails until then, so once is enough. */
function warnOfSetup(cause: unknown): void {
  const { code = '', message = '' } = (cause ?? {}) as { code?: string; message?: string }
  if (SCHEMA_ERRORS.has(code))
    warnOnce(`the table of the sessions is missing or too old (${message}): run migrate(), and check tableName`)
  else if (/after calling end on the pool/.test(message))
    warnOnce('the pool of the sessions is closed: end it after the server has closed')
}

/** SQLSTATE classes for data, constraints, program limits and PL/pgSQL: a retry cannot succeed. */
const REJECTED_VALUE = /^(22|23|54|P0)/

function isRejectedValue(cause: unknown): boolean {
  return REJECTED_VALUE.test((cause as { code?: string } | undefined)?.code ?? '')
}

function isConnectionLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return CONNECTION_LOST.has(code ?? '') || /Connection terminated/.test(message ?? '')
}

import { setTimeout as pass } from 'node:timers/promises'
import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { SessionRefused, StoreUnavailable } from '../errors.ts'
import { DEADLINE_MS, withTimeout } from './deadline.ts'

/** What is told of each statement; log lines and metrics are made of it elsewhere. */
export type OnQuery = (operation: string, outcome: 'ok' | 'error', seconds: number, error?: unknown) => void

export type Values = readonly unknown[]

/** The server went away, and another connection may find it: shut down, or no longer the primary after a failover. */
const CONNECTION_LOST = new Set(['57P01', '57P02', '25006', 'ECONNRESET', 'EPIPE'])
/** Milliseconds in which a pool has noticed which of its idle connections broke at the same moment. */
const POOL_RECOVERY_MS = 50

interface RunOptions {
  /** Milliseconds; default: the deadline. */
  readonly timeoutMs?: number
  /** A read whose server went away is tried once more. */
  readonly retryOnce?: boolean
}

/** Prepared statements over a pool, each with a deadline. One that times out is not cancelled: whether it was committed is known to nobody. */
export class QueryRunner {
  readonly #pool: Pool
  readonly #onQuery: OnQuery

  constructor(pool: Pool, onQuery: OnQuery) {
    this.#pool = pool
    this.#onQuery = onQuery
  }

  /** Throws SessionRefused where the server refuses a value, else StoreUnavailable, whatever the reason, which is its cause. */
  run(
    operation: string,
    text: string,
    values: Values,
    { timeoutMs = DEADLINE_MS, retryOnce = false }: RunOptions = {},
  ) {
    const send = (): Promise<QueryArrayResult> =>
      this.#pool.query({ name: `session ${operation}`, text, values: [...values], rowMode: 'array' })
    return this.#timed(operation, retryOnce ? () => this.#withRetry(send) : send, timeoutMs)
  }

  /** `work` may change several things, and all or nothing of it happens. Throws as `ask`. */
  transaction<Result>(operation: string, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
    return this.#timed(operation, () => this.#inTransaction(work), DEADLINE_MS)
  }

  /** Once more, on another connection. */
  async #withRetry<Result>(send: () => Promise<Result>): Promise<Result> {
    try {
      return await send()
    } catch (error) {
      if (!isConnectionLost(error)) throw error
      await pass(POOL_RECOVERY_MS)
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
      // Closed, not handed back: it may be stuck, or in the middle of a transaction.
      client.release(true)
      throw error
    }
  }
}

/** Data exceptions, constraints, limits of an index, a trigger's own: a fault of a value, which no waiting mends. */
const REJECTED_VALUE = /^(22|23|54|P0)/

function isRejectedValue(cause: unknown): boolean {
  return REJECTED_VALUE.test((cause as { code?: string } | undefined)?.code ?? '')
}

function isConnectionLost(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return CONNECTION_LOST.has(code ?? '') || /Connection terminated/.test(message ?? '')
}

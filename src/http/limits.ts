import { isIPv6, SocketAddress } from 'node:net'
import type { Pool } from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { limited, unavailable } from '../runtime/errors.ts'

/** A migration makes it. rate-limiter-flexible must neither make nor clean it. */
const TABLE = 'attempt'

export interface Policy {
  readonly name: string
  readonly points: number
  readonly seconds: number
}

export interface Limits {
  limit(policy: Policy): Limit
  /** In batches, so that no statement takes long. Returns how many were removed. */
  removeExpired(batch?: number): Promise<number>
}

/** Counters that all replicas share. Without the database each method throws `unavailable`. */
export interface Limit {
  /** Throws `limited` where no point is left. Takes nothing. */
  check(key: string): Promise<void>
  take(key: string): Promise<void>
  /** Gives one point back after a success. */
  giveBack(key: string): Promise<void>
}

/** Fixed windows, counted in Postgres for all replicas. */
export function createLimits({ pool }: { readonly pool: Pool }): Limits {
  return {
    limit: (policy) => createLimit(pool, policy),
    removeExpired: (batch = 1000) => removeExpired(pool, batch),
  }
}

function createLimit(pool: Pool, { name, points, seconds }: Policy): Limit {
  const limiter = new RateLimiterPostgres({
    storeClient: pool,
    storeType: 'pool',
    tableName: TABLE,
    tableCreated: true,
    clearExpiredByTimeout: false,
    keyPrefix: name,
    points,
    duration: seconds,
  })
  return {
    async check(key) {
      const taken = await limiter.get(key).catch(throwLimitError)
      if (taken !== null && taken.consumedPoints >= points) throwLimitError(taken)
    },
    async take(key) {
      await limiter.consume(key).catch(throwLimitError)
    },
    async giveBack(key) {
      await limiter.reward(key).catch(throwLimitError)
    },
  }
}

/** It rejects with its result at the limit, and with an Error after a failure. */
function throwLimitError(reason: unknown): never {
  if (reason instanceof RateLimiterRes) throw limited(Math.max(1, Math.ceil(reason.msBeforeNext / 1000)))
  throw unavailable('The number of attempts could not be read.', { cause: reason })
}

async function removeExpired(pool: Pool, batch: number): Promise<number> {
  let removed = 0
  for (;;) {
    const { rowCount } = await pool.query(REMOVE_EXPIRED, [Date.now(), batch])
    removed += rowCount ?? 0
    if ((rowCount ?? 0) < batch) return removed
  }
}

// The next run takes the rows that are locked now.
const REMOVE_EXPIRED = `DELETE FROM ${TABLE} WHERE key IN
  (SELECT key FROM ${TABLE} WHERE expire <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`

/** The network to count: a /64 for IPv6, because a customer has 2^64 addresses. IPv4 as it is. */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return bare
  // An IPv4 address may be spelled ::ffff:cb00:7107.
  const plain = new SocketAddress({ address: bare, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  if (mapped?.[1] !== undefined) return mapped[1]
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // `::` stands for the missing zeros. A dotted end counts for two groups.
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (plain.includes('.') ? 1 : 0)
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

import { isIPv6, SocketAddress } from 'node:net'
import type { Pool } from 'pg'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import { limited, unavailable } from '../runtime/errors.ts'

/** The table that a migration made; rate-limiter-flexible must not make it, nor clear it, by itself. */
const TABLE = 'attempt'

export interface Policy {
  /** Begins every key: two limits of one name share what they count. */
  readonly name: string
  /** How many may be taken in a window. */
  readonly points: number
  /** The window, in seconds, from the first that was taken. */
  readonly seconds: number
}

/** Where limits are made, and what they leave behind is removed. */
export interface Limits {
  limit(policy: Policy): Limit
  /** Removes what no longer counts, a batch at a time, so that no statement takes long; resolves with how many. */
  removeExpired(batch?: number): Promise<number>
}

/** Counts what somebody did, for all replicas together; a store that is away is `unavailable`, never a yes. */
export interface Limit {
  /** Throws `limited` where nothing is left; takes nothing. */
  check(key: string): Promise<void>
  /** Takes one, or throws `limited`; of many at once no more pass than there are points. */
  take(key: string): Promise<void>
  /** Gives one back, for what turned out well. */
  giveBack(key: string): Promise<void>
}

/** The one door to rate-limiter-flexible: limits with a fixed window, counted on Postgres for all replicas together. */
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
      const taken = await limiter.get(key).catch(refuse)
      if (taken !== null && taken.consumedPoints >= points) refuse(taken)
    },
    async take(key) {
      await limiter.consume(key).catch(refuse)
    },
    async giveBack(key) {
      await limiter.reward(key).catch(refuse)
    },
  }
}

/** rate-limiter-flexible rejects with its result where the limit is reached, and with an error where the store failed. */
function refuse(reason: unknown): never {
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

// A row that is being counted on at this moment is left to the next turn.
const REMOVE_EXPIRED = `DELETE FROM ${TABLE} WHERE key IN
  (SELECT key FROM ${TABLE} WHERE expire <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`

/** Whose address it is, for counting: an IPv6 customer holds 2^64 addresses, so the first half; IPv4 in either dress as it is. */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%')
  if (!isIPv6(bare)) return bare
  // One spelling: an IPv4 address can also be written as ::ffff:cb00:7107.
  const plain = new SocketAddress({ address: bare, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  if (mapped?.[1] !== undefined) return mapped[1]
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // `::` stands for as many zeros as are missing; a dotted end counts for two groups.
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (plain.includes('.') ? 1 : 0)
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

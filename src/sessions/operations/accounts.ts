import { createHash } from 'node:crypto'
import type { PostgresSessionStore } from '../request/session-store.ts'
import type { Row } from '../storage/session-table.ts'
import { isObject, type JsonObject } from '../tracking/diff.ts'
import { lifetimeMsOf } from '../tracking/expiry.ts'

const DAY = 86_400_000

/** A live session, as its owner may see it. */
export interface AccountSession {
  /** Shows nothing of the session's id. It names the account, so it is no secret for others. */
  readonly id: string
  /** When the session got its id. Undefined for a row that stock wrote. */
  readonly since: Date | undefined
  /** At most 1 % of the lifetime, or an hour, too old. */
  readonly lastSeen: Date
  readonly expires: Date
  /** What the option `describe` returned for it. */
  readonly description: unknown
}

/** Whose sessions are where. Each call is effective on every replica with the next request. */
export interface AccountSessions {
  /** The newest first. */
  sessionsOf(accountId: string): Promise<readonly AccountSession[]>
  /** Ends the session with this public id. Returns whether it was live. */
  end(publicId: string): Promise<boolean>
  /** Ends an account's sessions, except one: its sid or its public id. Returns how many. */
  endAll(accountId: string, options?: { readonly except?: string | undefined }): Promise<number>
  /** Live sessions of all accounts and visitors. */
  count(): Promise<number>
}

export interface AccountSessionsOptions {
  readonly store: PostgresSessionStore
  /** Milliseconds, as the store's. Default 90 days. */
  readonly absoluteMaxAge?: number
  /** Milliseconds, as the store's. Default a day. */
  readonly browserSessionMs?: number
  readonly describe?: ((session: JsonObject) => unknown) | undefined
}

export function createAccountSessions(options: AccountSessionsOptions): AccountSessions {
  const { table } = options.store
  /** Undefined where no live session of the account has this public id. */
  async function sidOf(publicId: string): Promise<string | undefined> {
    const accountId = accountOf(publicId)
    if (accountId === undefined) return undefined
    const sids = [...(await table.byAccount(accountId)).keys()]
    return sids.find((sid) => publicIdOf(sid, accountId) === publicId)
  }
  return {
    async sessionsOf(accountId) {
      const rows = [...(await table.byAccount(accountId))]
      return rows.map(([sid, row]) => ({ id: publicIdOf(sid, accountId), ...seen(row, options) }))
    },
    async end(publicId) {
      const sid = await sidOf(publicId)
      return sid !== undefined && (await table.destroy(sid)) > 0
    },
    async endAll(accountId, { except } = {}) {
      const sid = except === undefined ? undefined : ((await sidOf(except)) ?? except)
      return await table.destroyByAccount(accountId, sid)
    },
    count: () => table.count(),
  }
}

/** 132 bits of a hash that is used for nothing else, and the account, whose index finds the row. */
function publicIdOf(sid: string, accountId: string): string {
  const hash = createHash('sha256').update(`public id of a session\0${sid}`).digest('base64url').slice(0, 22)
  return `${hash}.${Buffer.from(accountId).toString('base64url')}`
}

function accountOf(publicId: string): string | undefined {
  const [, account] = /^[\w-]{22}\.([\w-]+)$/.exec(publicId) ?? []
  return account === undefined ? undefined : Buffer.from(account, 'base64url').toString()
}

function seen(row: Row, options: AccountSessionsOptions) {
  const { absoluteMaxAge = 90 * DAY, browserSessionMs = DAY, describe = () => undefined } = options
  const { text, idleExpiryMs, absoluteExpiryMs } = row
  const data: unknown = JSON.parse(text)
  const content = isObject(data) ? data : {}
  const now = Date.now()
  const hasEnd = Number.isFinite(absoluteExpiryMs)
  return {
    since: hasEnd ? new Date(now + absoluteExpiryMs - absoluteMaxAge) : undefined,
    lastSeen: new Date(now + Math.min(0, idleExpiryMs - lifetimeMsOf(content, browserSessionMs))),
    expires: new Date(now + idleExpiryMs),
    description: describe(content),
  }
}

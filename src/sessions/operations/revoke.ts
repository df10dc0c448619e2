import type { PostgresSessionStore } from '../request/session-store.ts'

export interface Revoker {
  /** Ends an account's sessions on all replicas, except `exceptSid`. Returns how many. */
  revokeAllExcept(accountId: string, exceptSid?: string): Promise<number>
}

export function createRevoker(store: PostgresSessionStore): Revoker {
  return { revokeAllExcept: (accountId, exceptSid) => store.table.destroyByAccount(accountId, exceptSid) }
}

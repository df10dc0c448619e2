import type { PostgresSessionStore } from '../request/session-store.ts'

export interface Revoker {
  /** Ends the sessions of an account on all replicas, except `exceptSid`. Returns how many ended. */
  revokeAllExcept(accountId: string, exceptSid?: string): Promise<number>
}

export function createRevoker(store: PostgresSessionStore): Revoker {
  return { revokeAllExcept: (accountId, exceptSid) => store.table.destroyByAccount(accountId, exceptSid) }
}

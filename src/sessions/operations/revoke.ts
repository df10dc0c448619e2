import type { PostgresSessionStore } from '../request/session-store.ts'

/** Whose sessions are where. */
export interface Revoker {
  /** Ends every session of an account, on all replicas, except the one named; resolves with how many ended. */
  revokeAllExcept(account: string, exceptSid?: string): Promise<number>
}

export function createRevoker(store: PostgresSessionStore): Revoker {
  return { revokeAllExcept: (account, exceptSid) => store.table.destroyByAccount(account, exceptSid) }
}

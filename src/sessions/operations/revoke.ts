import type { PostgresSessions } from '../request/session-store.ts'

/** Whose sessions are where. */
export interface Directory {
  /** Ends every session of an account, on all replicas, except the one named; resolves with how many ended. */
  endOthers(account: string, exceptSid?: string): Promise<number>
}

export function createDirectory(store: PostgresSessions): Directory {
  return { endOthers: (account, exceptSid) => store.table.endAccount(account, exceptSid) }
}

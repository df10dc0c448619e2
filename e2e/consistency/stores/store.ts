import type { Session, SessionData, Store } from 'express-session'

export type Loaded = Session & SessionData

/** What a store sees of a request. */
export interface Visit {
  sessionID: string
  session: Loaded
  readonly sessionStore: Store
}

export type Change = (content: object) => void

/** A store, driven as a replica drives it in the course of a request. Whatever resolves is acknowledged. */
export interface RacedStore {
  /** Undefined where there is no such session. */
  open(sid: string): Promise<Visit | undefined>
  change(visit: Visit, change: Change): Promise<void>
  /** As at the end of a request that changed nothing. */
  touch(visit: Visit): Promise<void>
  destroy(visit: Visit): Promise<void>
  endOthers(visit: Visit, account: string): Promise<void>
  /** Answers with the new id; `live`: only where the session has not ended. */
  rename(visit: Visit, live: boolean, change: Change): Promise<string>
  update(visit: Visit, change: Change): Promise<void>
}

/** As long as the session's cookie, in milliseconds. */
export const LIFETIME = 30 * 86_400_000

/** The beginning of a request, as express-session has it. */
export async function openVisit(store: Store, sid: string): Promise<Visit | undefined> {
  const data = await new Promise<SessionData | null | undefined>((resolve, reject) =>
    store.get(sid, (error, found) => (error ? reject(error) : resolve(found))),
  )
  if (!data) return undefined
  const req = { sessionID: sid, sessionStore: store }
  // It puts the session on the request.
  store.createSession(req as unknown as Parameters<Store['createSession']>[0], data)
  return req as Visit
}

/** Waits for a function that tells by a callback. */
export function called(work: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
}

import type { Session, SessionData, Store } from 'express-session'

export type Loaded = Session & SessionData

/** What a store sees of a request. */
export interface OpenedSession {
  sessionID: string
  session: Loaded
  readonly sessionStore: Store
}

export type Change = (content: object) => void

/** A store, driven as a replica drives it in the course of a request. Whatever resolves is acknowledged. */
export interface TestedStore {
  /** Undefined where there is no such session. */
  open(sid: string): Promise<OpenedSession | undefined>
  change(visit: OpenedSession, change: Change): Promise<void>
  /** As at the end of a request that changed nothing. */
  touch(visit: OpenedSession): Promise<void>
  destroy(visit: OpenedSession): Promise<void>
  endOthers(visit: OpenedSession, account: string): Promise<void>
  /** Answers with the new id; `live`: only where the session has not ended. */
  rename(visit: OpenedSession, live: boolean, change: Change): Promise<string>
  update(visit: OpenedSession, change: Change): Promise<void>
}

/** As long as the session's cookie, in milliseconds. */
export const MAX_AGE_MS = 30 * 86_400_000

/** The beginning of a request, as express-session has it. */
export async function openSession(store: Store, sid: string): Promise<OpenedSession | undefined> {
  const data = await new Promise<SessionData | null | undefined>((resolve, reject) =>
    store.get(sid, (error, found) => (error ? reject(error) : resolve(found))),
  )
  if (!data) return undefined
  const req = { sessionID: sid, sessionStore: store }
  // It puts the session on the request.
  store.createSession(req as unknown as Parameters<Store['createSession']>[0], data)
  return req as OpenedSession
}

/** Waits for a function that tells by a callback. */
export function called(work: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())))
}

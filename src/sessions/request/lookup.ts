import type { Request } from 'express'
import type { SessionData } from 'express-session'
import { DEADLINE_MS, withTimeout } from '../storage/deadline.ts'
import { readCookies, type Signatures } from './session-cookie.ts'
import type { PostgresSessionStore } from './session-store.ts'

/** A cookie of the request whose signature verifies. */
interface RequestCookie {
  readonly sid: string
  /** It has the previous name, or an old secret signed it. */
  readonly needsResign: boolean
  readonly hasPreviousName: boolean
}

/** The cookies of a request, and the session that they led to. */
export interface Lookup {
  /** Of the newest live session, else of the first verified cookie. */
  readonly sid: string | undefined
  readonly needsResign: boolean
  /** One of the cookies has the previous name. */
  readonly hasPreviousName: boolean
  /** The request carried several cookies whose signature verifies. */
  readonly hasSeveral: boolean
  /** Of the other live sessions and of unusable rows. */
  readonly otherSids: string[]
  /** No session is live, and one of them ended a moment ago. */
  readonly endedRecently: boolean
}

export interface LookupOptions {
  readonly store: PostgresSessionStore
  readonly signatures: Signatures
  readonly name: string
  readonly previousName: string | undefined
}

/** As many as different domains and paths can reasonably leave in one browser. */
const MAX_COOKIES = 4

/**
 * Gives the request its session, or a new one. With several verified cookies the newest live
 * session wins: a cookie of another domain or path, which no response can replace, must not hide
 * it.
 */
export async function lookUpSession(req: Request, options: LookupOptions, startedAt: number): Promise<Lookup> {
  const { store } = options
  const cookies = verifiedCookies(req, options)
  const target = req as unknown as { sessionStore: PostgresSessionStore; sessionID: string | undefined }
  target.sessionStore = store
  // One event-loop turn, so the store reads all of them in one statement.
  const found = await Promise.all(cookies.map(({ sid }) => store.read(sid)))
  const newest = newestOf(found, store)
  const [data, cookie] = [found[newest], cookies[Math.max(0, newest)]]
  target.sessionID = cookie?.sid
  if (data !== undefined) store.createSession(req as never, data)
  else store.generate(req)
  const sids = cookies.map(({ sid }) => sid)
  const isUnknown = data === undefined && cookie !== undefined
  if (isUnknown) store.tracked.successors.replace(cookie.sid, req.session)
  const remainingMs = () => DEADLINE_MS - (performance.now() - startedAt)
  return {
    sid: cookie?.sid,
    needsResign: cookie?.needsResign ?? false,
    hasPreviousName: cookies.some(({ hasPreviousName }) => hasPreviousName),
    hasSeveral: cookies.length > 1,
    otherSids: sids.filter((sid, index) => (found[index] === undefined ? store.isUnusable(sid) : sid !== cookie?.sid)),
    endedRecently: isUnknown && (await withTimeout(remainingMs(), store.table.endedRecently(...sids))),
  }
}

/** The index of the session that began last; -1 where none is live. */
function newestOf(found: readonly (SessionData | undefined)[], { tracked }: PostgresSessionStore): number {
  let newest = -1
  for (const [index, data] of found.entries())
    if (data !== undefined && tracked.beganAfter(data, found[newest])) newest = index
  return newest
}

/** Those of the current name first. */
function verifiedCookies(req: Request, { name, previousName, signatures }: LookupOptions): readonly RequestCookie[] {
  const { cookie } = req.headers
  const current = readCookies(cookie, name, signatures, MAX_COOKIES)
  const previous =
    previousName === undefined ? [] : readCookies(cookie, previousName, signatures, MAX_COOKIES - current.length)
  return [
    ...current.map(({ sid, secretIndex }) => ({ sid, needsResign: secretIndex > 0, hasPreviousName: false })),
    ...previous.map(({ sid }) => ({ sid, needsResign: true, hasPreviousName: true })),
  ]
}

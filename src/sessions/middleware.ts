import type { Request, RequestHandler, Response } from 'express'
import type { Cookie } from 'express-session'
import { createSignatures, readCookie, type Signatures } from './cookie.ts'
import { DEADLINE, within } from './deadline.ts'
import { SessionGone } from './errors.ts'
import { type Gate, install } from './gate.ts'
import type { PostgresSessions } from './store.ts'

export interface MiddlewareOptions {
  readonly store: PostgresSessions
  readonly secrets: readonly string[]
  readonly name: string
  readonly former: string | undefined
  readonly secure: boolean
  readonly refuse: (req: Request, res: Response, error: unknown) => void
  readonly withheld: (req: Request) => void
}

/** The cookie that a request came with. */
interface Came {
  /** The id, where a secret verifies it. */
  readonly sid: string | undefined
  /** It has the former name, or an old secret signed it. */
  readonly isOld: boolean
  readonly isFormer: boolean
}

type Route = { readonly activity?: boolean | undefined }

/**
 * Makes the middleware. It takes the place of express-session's own, which would verify and sign the cookie again, hash the session up to three times,
 * and write after the answer has begun; sessions and cookies are express-session's. What is written is committed before the first byte leaves.
 */
export function createMiddleware(options: MiddlewareOptions): (route?: Route) => RequestHandler {
  const { store } = options
  const signatures = createSignatures(options.secrets)
  return ({ activity = true } = {}) => {
    return function sessions(req, res, next) {
      if (req.session !== undefined) return next()
      const came = findCookie(req, options, signatures)
      const began = performance.now()
      find(req, came.sid, store, began).then(begin, next)

      function begin(endedLately: boolean): void {
        // Looking for the session and committing it are one wait for whoever asked: together they have one deadline.
        const patience = DEADLINE - (performance.now() - began)
        const dress = (gate: Gate) => setCookie(gate, came, options, signatures)
        const refuse = (_gate: Gate, error: unknown) => options.refuse(req, res, error)
        const settled = (gate: Gate) => settle(gate, activity, patience)
        const gate = install(req, res, { settle: settled, dress, refuse, endedLately })
        gate.cookieDue = came.isOld && !endedLately
        next()
      }
    }
  }
}

function findCookie(req: Request, { name, former }: MiddlewareOptions, signatures: Signatures): Came {
  const own = readCookie(req.headers.cookie, name, signatures)
  if (own !== undefined) return { sid: own.sid, isOld: own.secret > 0, isFormer: false }
  const other = former === undefined ? undefined : readCookie(req.headers.cookie, former, signatures)
  return { sid: other?.sid, isOld: other !== undefined, isFormer: other !== undefined }
}

/** Gives the request its session, or a new one; resolves with whether the id that came ended a moment ago. */
async function find(req: Request, sid: string | undefined, store: PostgresSessions, began: number): Promise<boolean> {
  const held = req as unknown as { sessionStore: PostgresSessions; sessionID: string | undefined }
  held.sessionStore = store
  held.sessionID = sid
  const data = sid === undefined ? undefined : await store.read(sid)
  if (data !== undefined) store.createSession(req as never, data)
  else store.generate(req)
  if (data !== undefined || sid === undefined) return false
  store.records.replace(sid, req.session)
  return await within(DEADLINE - (performance.now() - began), store.table.endedLately(sid))
}

/** Undefined where nothing is to be written; then nobody waits. Without activity the expiry stays: a page that refreshes itself must not keep a session alive. */
function settle(gate: Gate, activity: boolean, patience: number): Promise<void> | undefined {
  const { req, busy } = gate
  if (busy !== undefined) {
    gate.busy = undefined
    return busy.then(() => settle(gate, activity, patience))
  }
  if (!req.session) return undefined
  const { records } = req.sessionStore as unknown as PostgresSessions
  const pending = records.pending(req.session, activity)
  if (pending === undefined) return undefined
  if (gate.endedLately) return Promise.reject(new SessionGone())
  const committed = within(patience, records.commit(req.sessionID, req.session, pending))
  // A renewal that fails costs nobody an answer.
  const renewed = pending.changes.length > 0 ? committed : committed.catch(() => false)
  return renewed.then((moved) => {
    gate.cookieDue ||= moved
  })
}

/** The cookie goes out when it is new, when the expiry moved, and in place of one of an old name or secret; and it is taken back when the session ended. */
function setCookie(
  { req, res, cookieDue }: Gate,
  came: Came,
  { store, name, former, secure, withheld }: MiddlewareOptions,
  signatures: Signatures,
): void {
  // As it was set: a browser takes nothing of a __Host- name without Secure.
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const { session } = req
  if (!session) {
    if (came.sid !== undefined) res.clearCookie(name, attributes)
    if (came.isFormer && former !== undefined) res.clearCookie(former, attributes)
    return
  }
  const isNew = req.sessionID !== came.sid
  if (!store.records.has(session) || !(isNew || cookieDue)) return
  if (session.cookie.secure && !req.secure) {
    withheld(req)
    return
  }
  if (!isNew) session.touch()
  res.append('Set-Cookie', serialized(session.cookie, name, signatures.sign(req.sessionID)))
  if (came.isFormer && former !== undefined) res.clearCookie(former, attributes)
}

/** express-session's cookie writes itself, which its types do not say; without Max-Age, so that a replica whose clock is off would shorten it. */
function serialized(cookie: Cookie, name: string, value: string): string {
  const text = (cookie as Cookie & { serialize(name: string, value: string): string }).serialize(name, value)
  const { originalMaxAge } = cookie
  return originalMaxAge === null ? text : `${text}; Max-Age=${Math.floor(originalMaxAge / 1000)}`
}

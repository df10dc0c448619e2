import { serialize } from 'cookie'
import type { Request, RequestHandler, Response } from 'express'
import expressSession, { type CookieOptions } from 'express-session'
import onHeaders from 'on-headers'
import { cookieValue, readCookie, type VerifiedCookie, withCookie } from './cookie.ts'
import type { SessionStore } from './store.ts'

export interface SessionOptions {
  readonly store: SessionStore
  /** The first signs, all verify: a secret is changed without signing anybody out. */
  readonly secrets: readonly string[]
  readonly cookie: { readonly name: string; readonly former?: string | undefined; readonly secure: boolean }
  /** Milliseconds without activity after which a session ends. */
  readonly maxAge: number
}

/** Makes the middleware; one that does not count as activity moves no expiry. */
export function createSessions(
  options: SessionOptions,
): (route?: { activity?: boolean | undefined }) => RequestHandler {
  const { store, secrets, cookie, maxAge } = options
  const settings: CookieOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure: cookie.secure, maxAge }
  const load = expressSession({
    store,
    secret: [...secrets],
    name: cookie.name,
    cookie: settings,
    resave: false,
    saveUninitialized: false,
  })
  return ({ activity = true } = {}) =>
    function sessions(req, res, next) {
      const found = findCookie(req, options)
      handOn(req, options, found)
      load(req, res, (error?: unknown) => {
        if (error !== undefined) return next(error)
        follow(req, res, options, { ...found, activity }).then(() => next(), next)
      })
    }
}

interface Found {
  readonly own?: VerifiedCookie | undefined
  readonly former?: VerifiedCookie | undefined
}

function findCookie(req: Request, { secrets, cookie }: SessionOptions): Found {
  const own = readCookie(req.headers.cookie, cookie.name, secrets)
  if (own !== undefined || cookie.former === undefined) return { own }
  return { former: readCookie(req.headers.cookie, cookie.former, secrets) }
}

/** express-session takes the first cookie of its name, forged or not: it is shown the one that verifies, and no other. */
function handOn(req: Request, { secrets, cookie }: SessionOptions, { own, former }: Found): void {
  const sid = (own ?? former)?.sid
  const names = cookie.former === undefined ? [cookie.name] : [cookie.name, cookie.former]
  if (req.headers.cookie === undefined) return
  req.headers.cookie = withCookie(
    req.headers.cookie,
    names,
    sid === undefined ? undefined : { name: cookie.name, sid, secret: secrets[0] ?? '' },
  )
}

/** Moves the expiry when that is due, and the cookie with it; and replaces a cookie of an old name or secret. */
async function follow(
  req: Request,
  res: Response,
  options: SessionOptions,
  { own, former, activity }: Found & { activity: boolean },
): Promise<void> {
  const { store } = options
  const { session, sessionID } = req
  const came = (own ?? former)?.sid
  const known = came !== undefined && came === sessionID
  const due = known && activity && store.isDue(session)
  if (due) await store.renew(session)
  const replaced = known && (former !== undefined || (own?.secret ?? 0) > 0)
  const text = due || replaced ? JSON.stringify({ ...session, cookie: undefined }) : ''
  if (came !== undefined) onHeaders(res, () => answer())

  function answer(): void {
    if (former !== undefined && known) append(res, options, options.cookie.former ?? '', '', new Date(0))
    if (!req.session) append(res, options, options.cookie.name, '', new Date(0))
    if (!req.session || req.sessionID !== came || !(due || replaced)) return
    // express-session sends the cookie itself when the content has changed.
    if (JSON.stringify({ ...req.session, cookie: undefined }) !== text) return
    session.touch()
    append(res, options, options.cookie.name, cookieValue(sessionID, options.secrets[0] ?? ''), expiryOf(req))
  }
}

function expiryOf(req: Request): Date | undefined {
  const { expires } = req.session.cookie
  return expires instanceof Date ? expires : undefined
}

function append(
  res: Response,
  { cookie: { secure } }: SessionOptions,
  name: string,
  value: string,
  expires: Date | undefined,
): void {
  const attributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    ...(expires !== undefined && { expires }),
  } as const
  res.append('Set-Cookie', serialize(name, value, { ...attributes, encode: (text) => text }))
}

import type { Handler } from './situation.ts'

/** Handlers that many situations use. A body has an id as `sid:ID`, so that it gets a number. */
export const HANDLERS: Readonly<Record<string, Handler>> = {
  begin(req) {
    req.session.views = 1
    return {}
  },
  count(req) {
    req.session.views = (req.session.views ?? 0) + 1
    return { views: req.session.views }
  },
  show: (req) => ({ ...req.session, cookie: undefined }),
  nothing: () => ({}),
  id: (req) => ({ id: `sid:${req.sessionID}`, same: req.session.id === req.sessionID }),
  cookie(req) {
    const { originalMaxAge, expires, path, httpOnly, domain, sameSite, secure } = req.session.cookie
    return {
      maxAgeS: Math.round(Number(originalMaxAge) / 1000),
      hasExpires: expires instanceof Date,
      path,
      httpOnly,
      domain,
      sameSite,
      secure,
    }
  },
  end(req) {
    return new Promise((resolve) =>
      req.session.destroy((error: unknown) => resolve({ error: error ?? null, session: typeof req.session })),
    )
  },
  rotate(req) {
    return new Promise((resolve) => req.session.regenerate((error: unknown) => resolve({ error: error ?? null })))
  },
}

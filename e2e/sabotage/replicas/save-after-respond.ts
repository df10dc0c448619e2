import type { Request } from 'express'
import expressSession, { type SessionData } from 'express-session'
import type { MiddlewareOptions } from '../../../src/sessions/request/middleware.ts'
import { exchange } from '../exchange.ts'

// Stock express-session: it saves while the answer is already on its way.
const { newSession } = await import('../../../src/sessions/request/session-object.ts')
await exchange<typeof import('../../../src/sessions/request/middleware.ts')>(
  'src/sessions/request/middleware.ts',
  () => ({
    createMiddleware({ store, secrets, name, secure }: MiddlewareOptions) {
      const settings = { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: 30 * 86_400_000 } as const
      const options = { store, secret: [...secrets], name, cookie: settings }
      const load = expressSession({ ...options, resave: false, saveUninitialized: false })
      return () =>
        function sessions(...[req, res, next]: Parameters<typeof load>) {
          load(req, res, (error?: unknown) => {
            if (error === undefined) neverWait(req)
            next(error)
          })
        }
    },
  }),
)
await import('../../../src/main.ts')

/** What a handler saves on its own account is left to express-session as well. */
function neverWait(req: Request): void {
  const { session } = req
  Object.setPrototypeOf(session, Object.getPrototypeOf(newSession(req)))
  const save = session.save as (done: unknown) => unknown
  const regenerate = session.regenerate as (...given: unknown[]) => Promise<void>
  const methods = {
    // express-session's own has a callback.
    save: (done?: unknown) => (done === undefined ? Promise.resolve() : save.call(session, done)),
    update: async (change: (draft: SessionData) => void) => change(session),
    regenerate: async (...given: unknown[]) => {
      await regenerate.apply(session, given)
      neverWait(req)
    },
  }
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(session, name, { value, configurable: true, writable: true })
}

import type { Request } from 'express'
import expressSession, { type SessionData } from 'express-session'
import type { MiddlewareOptions } from '../../../src/sessions/request/middleware.ts'
import { exchange } from '../exchange.ts'

// As stock express-session: it saves while the response is already on its way.
const { newSession } = await import('../../../src/sessions/request/session-object.ts')
await exchange<typeof import('../../../src/sessions/request/middleware.ts')>(
  'src/sessions/request/middleware.ts',
  () => ({
    createMiddleware({ store, secrets, name, attributes }: MiddlewareOptions) {
      const secure = attributes.isAlwaysSecure
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

/** A handler's own saves do not wait either. */
function neverWait(req: Request): void {
  const { session } = req
  Object.setPrototypeOf(session, Object.getPrototypeOf(newSession(req)))
  const save = session.save as (done: unknown) => unknown
  const regenerate = session.regenerate as (...args: unknown[]) => Promise<void>
  const methods = {
    // express-session calls it with a callback.
    save: (done?: unknown) => (done === undefined ? Promise.resolve() : save.call(session, done)),
    update: async (change: (draft: SessionData) => void) => change(session),
    regenerate: async (...args: unknown[]) => {
      await regenerate.apply(session, args)
      neverWait(req)
    },
  }
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(session, name, { value, configurable: true, writable: true })
}

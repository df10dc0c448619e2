import express, { type Express, type RequestHandler } from 'express'
import type { SessionData } from 'express-session'
import { sessionOf } from './session-data.ts'

/** The same small page for all: `GET /page` tells who is signed in, `POST /write` changes one field of the session. */
export function createPage(sessions: RequestHandler | undefined): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  if (sessions === undefined) app.use(withoutSession())
  else app.use(sessions)
  app.get('/page', (req, res) => {
    res.json(shown(req.session))
  })
  app.post('/write', (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1
    res.json(shown(req.session))
  })
  return app
}

function shown({ account, basket, visits }: Partial<SessionData>): object {
  return { signedIn: account !== undefined, account, basket, visits }
}

/** Nobody is asked: it is always the same person. */
function withoutSession(): RequestHandler {
  const session = sessionOf(1)
  return function nobody(req, _res, next) {
    Object.assign(req, { session })
    next()
  }
}

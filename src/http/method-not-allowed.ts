import type { RequestHandler } from 'express'
import { problem } from './reply.ts'

const ALLOW = 'GET, HEAD, OPTIONS'

/** For paths outside the route tables: OPTIONS is answered, other methods are a 405. */
export const methodNotAllowed: RequestHandler = function methodNotAllowed(req, res, next) {
  if (req.method === 'GET' || req.method === 'HEAD') return next()
  res.set({ Allow: ALLOW, 'Cache-Control': 'no-store' })
  if (req.method === 'OPTIONS') res.status(204).end()
  else problem(res, { status: 405, detail: `This address takes ${ALLOW}.` })
}

import express, { type RequestHandler } from 'express'

/** nginx has the same limit. */
const LIMIT = '100kb'

/** Other types are a 415. A body of GET or HEAD has no meaning (RFC 9110, 9.3.1). */
export function bodies(): RequestHandler[] {
  return [
    express.json({ limit: LIMIT, strict: false }),
    express.urlencoded({ limit: LIMIT, extended: false, parameterLimit: 200 }),
    onlyKnownTypes,
  ].map(unlessRead)
}

function unlessRead(handler: RequestHandler): RequestHandler {
  return function body(req, res, next) {
    if (req.method === 'GET' || req.method === 'HEAD') next()
    else handler(req, res, next)
  }
}

const onlyKnownTypes: RequestHandler = function onlyKnownTypes(req, _res, next) {
  // null: a request without a body, which is an empty form.
  const mediaType = req.is(['json', 'urlencoded'])
  const hasBody = mediaType !== null && req.get('content-length') !== '0'
  if (!hasBody || mediaType !== false) return next()
  next(Object.assign(new Error('Send a form or JSON here.'), { status: 415 }))
}

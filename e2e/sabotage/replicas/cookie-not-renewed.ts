import type { Request } from 'express'
import type { DeferredResponse } from '../../../src/sessions/request/deferred-response.ts'
import { exchange } from '../exchange.ts'

// As stock express-session without `rolling`: the row's expiry moves, and the browser keeps the cookie's first one.
await exchange<typeof import('../../../src/sessions/request/deferred-response.ts')>(
  'src/sessions/request/deferred-response.ts',
  ({ deferResponse }) => ({
    deferResponse(...[req, res, options]: Parameters<typeof deferResponse>): DeferredResponse {
      const { cookie: sent = '' } = req.headers
      return deferResponse(req, res, {
        ...options,
        onHeaders: (deferred) => withoutRenewedCookie(deferred, options.onHeaders, sent),
      })
    },
  }),
)
await import('../../../src/main.ts')

function withoutRenewedCookie(
  deferred: DeferredResponse,
  onHeaders: DeferredResponse['onHeaders'],
  sent: NonNullable<Request['headers']['cookie']>,
): void {
  onHeaders(deferred)
  const lines = [deferred.res.getHeader('set-cookie') ?? []].flat().map(String)
  const others = lines.filter((line) => !sent.includes(line.split(';')[0] ?? ''))
  if (others.length > 0) deferred.res.setHeader('Set-Cookie', others)
  else deferred.res.removeHeader('Set-Cookie')
}

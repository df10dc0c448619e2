import type { Request } from 'express'
import type { DeferredResponse } from '../../../src/sessions/request/deferred-response.ts'
import { exchange } from '../exchange.ts'

// As express-session without `rolling`: the row's expiry moves, the cookie's does not.
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

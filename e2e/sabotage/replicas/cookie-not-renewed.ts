import type { Request } from 'express'
import type { DeferredResponse } from '../../../src/sessions/request/deferred-response.ts'
import { exchange } from '../exchange.ts'

// As stock express-session without `rolling`: the row moves, the browser drops its cookie on the first day's date.
await exchange<typeof import('../../../src/sessions/request/deferred-response.ts')>(
  'src/sessions/request/deferred-response.ts',
  ({ deferResponse }) => ({
    deferResponse(...[req, res, parts]: Parameters<typeof deferResponse>): DeferredResponse {
      const { cookie: came = '' } = req.headers
      return deferResponse(req, res, {
        ...parts,
        onHeaders: (deferred) => withoutRenewedCookie(deferred, parts.onHeaders, came),
      })
    },
  }),
)
await import('../../../src/main.ts')

function withoutRenewedCookie(
  deferred: DeferredResponse,
  onHeaders: DeferredResponse['onHeaders'],
  came: NonNullable<Request['headers']['cookie']>,
): void {
  onHeaders(deferred)
  const lines = [deferred.res.getHeader('set-cookie') ?? []].flat().map(String)
  const others = lines.filter((line) => !came.includes(line.split(';')[0] ?? ''))
  if (others.length > 0) deferred.res.setHeader('Set-Cookie', others)
  else deferred.res.removeHeader('Set-Cookie')
}

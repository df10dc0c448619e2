import type { Request } from 'express'
import type { Gate } from '../../../src/sessions/request/response-gate.ts'
import { exchange } from '../exchange.ts'

// As stock express-session without `rolling`: the row moves, the browser drops its cookie on the first day's date.
await exchange<typeof import('../../../src/sessions/request/response-gate.ts')>(
  'src/sessions/request/response-gate.ts',
  ({ install }) => ({
    install(...[req, res, parts]: Parameters<typeof install>): Gate {
      const { cookie: came = '' } = req.headers
      return install(req, res, { ...parts, dress: (gate) => dressAnew(gate, parts.dress, came) })
    },
  }),
)
await import('../../../src/main.ts')

function dressAnew(gate: Gate, dress: Gate['dress'], came: NonNullable<Request['headers']['cookie']>): void {
  dress(gate)
  const lines = [gate.res.getHeader('set-cookie') ?? []].flat().map(String)
  const others = lines.filter((line) => !came.includes(line.split(';')[0] ?? ''))
  if (others.length > 0) gate.res.setHeader('Set-Cookie', others)
  else gate.res.removeHeader('Set-Cookie')
}

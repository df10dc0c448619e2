import type { SessionData } from 'express-session'
import type { Pending } from '../../../src/sessions/tracking/tracked-sessions.ts'
import { exchange } from '../exchange.ts'

// As express-session's default: a row and a cookie for everybody who comes by.
await exchange<typeof import('../../../src/sessions/tracking/tracked-sessions.ts')>(
  'src/sessions/tracking/tracked-sessions.ts',
  ({ Records }) => ({
    Records: class extends Records {
      override pending(session: SessionData, activity?: boolean): Pending | undefined {
        return (
          super.pending(session, activity) ??
          (this.has(session) ? undefined : { changes: [], renew: false, chosen: false })
        )
      }
    },
  }),
)
await import('../../../src/main.ts')

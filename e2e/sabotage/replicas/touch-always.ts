import type { SessionData } from 'express-session'
import type { Pending } from '../../../src/sessions/tracking/tracked-sessions.ts'
import { exchange } from '../exchange.ts'

// As stock: an UPDATE for every request.
await exchange<typeof import('../../../src/sessions/tracking/tracked-sessions.ts')>(
  'src/sessions/tracking/tracked-sessions.ts',
  ({ Records }) => ({
    Records: class extends Records {
      override pending(session: SessionData, activity?: boolean): Pending | undefined {
        const pending = super.pending(session, activity)
        return this.has(session) ? { changes: pending?.changes ?? [], renew: true, chosen: false } : pending
      }
    },
  }),
)
await import('../../../src/main.ts')

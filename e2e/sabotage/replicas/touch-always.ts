import type { SessionData } from 'express-session'
import type { PendingWrite } from '../../../src/sessions/tracking/snapshot.ts'
import { exchange } from '../exchange.ts'

// As stock: an UPDATE for every request.
await exchange<typeof import('../../../src/sessions/tracking/tracked-sessions.ts')>(
  'src/sessions/tracking/tracked-sessions.ts',
  ({ TrackedSessions }) => ({
    TrackedSessions: class extends TrackedSessions {
      override pendingWrite(session: SessionData, activity?: boolean): PendingWrite | undefined {
        const pending = super.pendingWrite(session, activity)
        return this.hasRow(session) ? { changes: pending?.changes ?? [], touch: true, lifetimeChanged: false } : pending
      }
    },
  }),
)
await import('../../../src/main.ts')

import type { SessionData } from 'express-session'
import type { PendingWrite } from '../../../src/sessions/tracking/snapshot.ts'
import { exchange } from '../exchange.ts'

// As express-session's default: a row and a cookie for every visitor.
await exchange<typeof import('../../../src/sessions/tracking/tracked-sessions.ts')>(
  'src/sessions/tracking/tracked-sessions.ts',
  ({ TrackedSessions }) => ({
    TrackedSessions: class extends TrackedSessions {
      override pendingWrite(session: SessionData, activity?: boolean): PendingWrite | undefined {
        return (
          super.pendingWrite(session, activity) ??
          (this.hasRow(session) ? undefined : { changes: [], touch: false, lifetimeChanged: false })
        )
      }
    },
  }),
)
await import('../../../src/main.ts')

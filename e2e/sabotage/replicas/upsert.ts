import type { Content, Lifetime } from '../../../src/sessions/storage/session-table.ts'
import { exchange } from '../exchange.ts'

const LIFETIME = { idleMs: 30 * 86_400_000, absoluteMs: 90 * 86_400_000 }

// As stock connect-pg-simple's `set`: INSERT … ON CONFLICT DO UPDATE.
await exchange<typeof import('../../../src/sessions/storage/postgres-table.ts')>(
  'src/sessions/storage/postgres-table.ts',
  ({ PostgresTable }) => ({
    PostgresTable: class extends PostgresTable {
      override async update(
        sid: string,
        version: string,
        content: Content,
        lifetime?: Lifetime,
      ): Promise<string | undefined> {
        const updated = await super.update(sid, version, content, lifetime)
        const isGone = updated === undefined && (await this.read(sid)) === undefined
        return isGone ? await this.insert(sid, content, lifetime ?? LIFETIME) : updated
      }
    },
  }),
)
await import('../../../src/main.ts')

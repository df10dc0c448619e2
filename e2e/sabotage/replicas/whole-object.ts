import type { Content, Lifetime } from '../../../src/sessions/storage/session-table.ts'
import { exchange } from '../exchange.ts'

// As stock: this request's session overwrites the row.
await exchange<typeof import('../../../src/sessions/storage/postgres-table.ts')>(
  'src/sessions/storage/postgres-table.ts',
  ({ PostgresTable }) => ({
    PostgresTable: class extends PostgresTable {
      override async update(
        sid: string,
        _: string,
        content: Content,
        lifetime?: Lifetime,
      ): Promise<string | undefined> {
        const row = await this.read(sid)
        return row && super.update(sid, row.version, content, lifetime)
      }
    },
  }),
)
await import('../../../src/main.ts')

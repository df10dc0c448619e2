import { exchange } from '../exchange.ts'

// As a store that emits `disconnect` or swallows its error: a failed lookup counts as no session.
await exchange<typeof import('../../../src/sessions/storage/postgres-table.ts')>(
  'src/sessions/storage/postgres-table.ts',
  ({ PostgresTable }) => ({
    PostgresTable: class extends PostgresTable {
      constructor(...args: ConstructorParameters<typeof PostgresTable>) {
        super(...args)
        const { read } = this
        Object.assign(this, { read: (sid: string) => read(sid).catch(() => undefined) })
      }
      override endedRecently(...sids: readonly string[]): Promise<boolean> {
        return super.endedRecently(...sids).catch(() => false)
      }
    },
  }),
)
await import('../../../src/main.ts')

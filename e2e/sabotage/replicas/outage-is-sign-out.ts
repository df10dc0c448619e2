import { exchange } from '../exchange.ts'

// As where a store emits `disconnect`, or its error is swallowed: who cannot be looked up is nobody.
await exchange<typeof import('../../../src/sessions/storage/postgres-table.ts')>(
  'src/sessions/storage/postgres-table.ts',
  ({ PostgresTable }) => ({
    PostgresTable: class extends PostgresTable {
      constructor(...given: ConstructorParameters<typeof PostgresTable>) {
        super(...given)
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

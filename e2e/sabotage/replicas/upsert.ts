import type { Content, Lifetime } from '../../../src/sessions/storage/session-table.ts'
import { exchange } from '../exchange.ts'

const UPSERT = `
  INSERT INTO session (sid, sess, account, expire) VALUES ($1, $2, $3, now() + interval '30 days')
  ON CONFLICT (sid) DO UPDATE SET sess = excluded.sess RETURNING xmin::text`

// As stock connect-pg-simple's `set`: INSERT … ON CONFLICT DO UPDATE.
await exchange<typeof import('../../../src/sessions/storage/postgres-table.ts')>(
  'src/sessions/storage/postgres-table.ts',
  ({ PostgresTable }) => ({
    PostgresTable: class extends PostgresTable {
      readonly #pool: ConstructorParameters<typeof PostgresTable>[0]

      constructor(...args: ConstructorParameters<typeof PostgresTable>) {
        super(...args)
        this.#pool = args[0]
      }

      override async update(
        sid: string,
        version: string,
        content: Content,
        lifetime?: Lifetime,
      ): Promise<string | undefined> {
        const updated = await super.update(sid, version, content, lifetime)
        const isGone = updated === undefined && (await this.read(sid)) === undefined
        if (!isGone) return updated
        // By a statement of its own: `insert` restores no session that has ended.
        const { rows } = await this.#pool.query(UPSERT, [sid, content.text, content.accountId])
        return rows[0].xmin
      }
    },
  }),
)
await import('../../../src/main.ts')

import { after, before } from 'node:test'
import { PostgresTable } from '../storage/postgres-table.ts'
import { createTestDatabase, type TestDatabase } from './test-database.ts'

export const LIFETIME = { idleMs: 86_400_000, absoluteMs: 10 * 86_400_000 }

export interface TestTable {
  readonly database: TestDatabase
  readonly table: PostgresTable
  /** The operations that sent a statement, in order. */
  readonly statements: string[]
  /** Stores rows that hold their own sid, and returns their versions. */
  stored(sids: readonly string[]): Promise<readonly string[]>
}

/** A session table in a new database. Call it at the top of a file. */
export function testTable(): TestTable {
  const statements: string[] = []
  let own: { readonly database: TestDatabase; readonly table: PostgresTable } | undefined
  before(async () => {
    const database = await createTestDatabase()
    own = { database, table: new PostgresTable(database.pool, (operation) => statements.push(operation)) }
  })
  after(() => own?.database.drop())
  const opened = () => {
    if (own === undefined) throw new Error('the table is there once the tests begin')
    return own
  }
  return {
    statements,
    get database() {
      return opened().database
    },
    get table() {
      return opened().table
    },
    async stored(sids) {
      const versions: string[] = []
      for (const sid of sids)
        versions.push(
          (await opened().table.insert(sid, { text: JSON.stringify({ sid }), accountId: null }, LIFETIME)) ?? '',
        )
      return versions
    },
  }
}

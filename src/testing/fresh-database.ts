import { migrate } from '../database/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../sessions/testing/test-database.ts'

/**
 * A new database with all migrations on the Postgres of TEST_DATABASE_URL, which `npm test` starts.
 */
export function freshDatabase({ migrated = true, encoding = 'UTF8' } = {}): Promise<TestDatabase> {
  return createTestDatabase({ encoding, migrate: migrated ? migrateAll : async () => {} })
}

async function migrateAll(url: string): Promise<void> {
  await migrate({ url, role: decodeURIComponent(new URL(url).username), onProgress: () => {} })
}

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { provideDatabase } from '../../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../../cluster/postgres/postgres.ts'

export interface EmptyDatabase {
  /** As the owner of the database `shop`, which is empty. */
  readonly url: string
}

export interface OwnPostgres extends EmptyDatabase {
  readonly postgres: Postgres
  stop(): Promise<void>
}

/** A Postgres with an empty database. */
export async function startEmptyDatabase(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-postgres-'))
  const postgres = await startPostgres({ folder, durable: false })
  return {
    postgres,
    url: await provideDatabase(postgres.url, 'shop', randomBytes(12).toString('hex')),
    async stop() {
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same for the scenarios that are declared beside it. */
export function useEmptyDatabase(): EmptyDatabase {
  let database: OwnPostgres | undefined
  before(async () => {
    database = await startEmptyDatabase()
  })
  after(() => database?.stop())
  return {
    get url() {
      return database?.url ?? ''
    },
  }
}

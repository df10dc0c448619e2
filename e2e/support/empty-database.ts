import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { provideDatabase } from '../../cluster/postgres/database.ts'
import { type Postgres, startPostgres } from '../../cluster/postgres/postgres.ts'

export interface EmptyDatabase {
  /** As the owner of the database `shop`, in which there is nothing. */
  readonly url: string
}

/** A Postgres with an empty database, for the scenarios that are declared beside it. */
export function useEmptyDatabase(): EmptyDatabase {
  let folder = ''
  let url = ''
  let postgres: Postgres | undefined
  before(async () => {
    folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-bare-'))
    postgres = await startPostgres({ folder, durable: false })
    url = await provideDatabase(postgres.url, 'shop', randomBytes(12).toString('hex'))
  })
  after(async () => {
    await postgres?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return {
    get url() {
      return url
    },
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { query } from '../../cluster/postgres/database.ts'
import { startPostgres } from '../../cluster/postgres/postgres.ts'
import { runToEnd } from '../../cluster/processes/processes.ts'
import { environmentFor, readSettings, repository } from '../../cluster/replica-environment.ts'

/** A migrated database that is thrown away. */
export interface TemporaryPostgres {
  readonly url: string
  readonly version: string
  remove(): Promise<void>
}

/** On the Postgres that TEST_DATABASE_URL names, else on one of its own. */
export async function startTemporaryPostgres(): Promise<TemporaryPostgres> {
  const folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'races-'))
  const given = process.env.TEST_DATABASE_URL
  const own =
    given === undefined ? await startPostgres({ folder: join(folder, 'postgres'), durable: false }) : undefined
  const server = given ?? own?.url ?? ''
  const name = `races_${process.pid}`
  const remove = async () => {
    if (own === undefined) await query(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await own?.stop('immediate')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await query(server, `CREATE DATABASE ${name}`)
    const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
    const [setting] = await query<{ version: string }>(url, `SELECT current_setting('server_version') AS version`)
    await migrate(url, join(folder, 'migrate.log'))
    return { url, version: setting?.version ?? '', remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function migrate(url: string, log: string): Promise<void> {
  const env = environmentFor(readSettings(false), 'for the migration alone, which needs no secret', url)
  await runToEnd('migrate', { command: process.execPath, args: ['src/cli.ts', 'migrate'], cwd: repository, env, log })
}

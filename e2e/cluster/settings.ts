import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'

/** The root of the repository, where every process of ours is started. */
export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Beside these a replica is given its name, its ports and its database. */
export interface Settings {
  /** `.env` as it was when it was read, and the environment, which wins. */
  readonly person: NodeJS.ProcessEnv
  /** Of a scenario; they win over a person's. */
  readonly given: Readonly<Record<string, string>>
}

export function readSettings(given: Readonly<Record<string, string>> = {}): Settings {
  const path = join(repository, '.env')
  const written = existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
  return { person: { ...written, ...process.env }, given }
}

/** What a process of the cluster gets as its environment. `database` undefined: the one that the person's settings name. */
export function environmentFor(
  settings: Settings,
  secret: string,
  database: string | undefined,
  own: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const local = { HOST: '127.0.0.1', TRUST_PROXY: '1', NODE_ENV: 'development' }
  const databaseUrl = database === undefined ? {} : { DATABASE_URL: database }
  const person = withoutStrangers(settings.person, database !== undefined)
  return { SESSION_SECRET: secret, ...person, ...local, ...settings.given, ...databaseUrl, ...own }
}

/** Leaves out what is meant for the test runner, and what would lead to another database than ours. */
function withoutStrangers(person: NodeJS.ProcessEnv, ownDatabase: boolean): NodeJS.ProcessEnv {
  const runner = /^NODE_TEST_/
  const database = /^(PG[A-Z]+|MIGRATE_DATABASE_URL)$/
  const kept = Object.entries(person).filter(([name]) => !runner.test(name) && !(ownDatabase && database.test(name)))
  return Object.fromEntries(kept)
}

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'

/** The root of the repository. */
export const repository = fileURLToPath(new URL('..', import.meta.url))

/** Without the replica's own name, ports and database. */
export interface Settings {
  /** The environment, and `.env` as it was when it was read. The environment wins. */
  readonly person: NodeJS.ProcessEnv
  /** Of a scenario. They override the developer's. */
  readonly overrides: Readonly<Record<string, string>>
}

/** `file`: reads `.env`. Tests do not: they must not depend on a developer's settings. */
export function readSettings(file: boolean, overrides: Readonly<Record<string, string>> = {}): Settings {
  return { person: { ...(file ? readFile() : {}), ...process.env }, overrides }
}

/** `database` undefined: that of the developer's settings. */
export function environmentFor(
  settings: Settings,
  secret: string,
  database: string | undefined,
  own: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const local = { HOST: '127.0.0.1', TRUST_PROXY: '1', NODE_ENV: 'development' }
  // Saves a third of the processor time of a start, and several replicas start at once.
  const cache = { NODE_COMPILE_CACHE: join(repository, 'node_modules', '.cache', 'node') }
  const databaseUrl = database === undefined ? {} : { DATABASE_URL: database }
  const person = withoutStrangers(settings.person, database !== undefined)
  return {
    ...cache,
    ...blanks(),
    SESSION_SECRET: secret,
    ...person,
    ...local,
    ...settings.overrides,
    ...databaseUrl,
    ...own,
  }
}

/**
 * A replica reads `.env` for variables that it does not get. So it gets all variables of the file
 * as empty, which means unset: only the settings that were read count, even if the file has changed
 * to something invalid.
 */
function blanks(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.keys(readFile()).map((name) => [name, '']))
}

function readFile(): NodeJS.Dict<string> {
  const path = join(repository, '.env')
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

/** Without variables for the test runner, empty ones, and those of another database. */
function withoutStrangers(person: NodeJS.ProcessEnv, ownDatabase: boolean): NodeJS.ProcessEnv {
  const stranger = ownDatabase ? /^(NODE_TEST_.*|PG[A-Z]+|MIGRATE_DATABASE_URL)$/ : /^NODE_TEST_/
  return Object.fromEntries(Object.entries(person).filter(([name, value]) => value !== '' && !stranger.test(name)))
}

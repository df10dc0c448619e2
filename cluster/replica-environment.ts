import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'

/** The root of the repository, where every process of ours is started. */
export const repository = fileURLToPath(new URL('..', import.meta.url))

/** Beside these a replica is given its name, its ports and its database. */
export interface Settings {
  /** The environment, and where a person's are heeded `.env` as it was when it was read; the environment wins. */
  readonly person: NodeJS.ProcessEnv
  /** Of a scenario; they win over a person's. */
  readonly overrides: Readonly<Record<string, string>>
}

/** `file`: heed `.env`, as a person expects; a test does not, lest it depend on what somebody tries out there. */
export function readSettings(file: boolean, overrides: Readonly<Record<string, string>> = {}): Settings {
  return { person: { ...(file ? readFile() : {}), ...process.env }, overrides }
}

/** What a process of the cluster gets as its environment. `database` undefined: the one that the person's settings name. */
export function environmentFor(
  settings: Settings,
  secret: string,
  database: string | undefined,
  own: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const local = { HOST: '127.0.0.1', TRUST_PROXY: '1', NODE_ENV: 'development' }
  // A start costs a third less processor time with it, and three or five replicas start at once.
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
 * A replica reads `.env` itself, for what it is not given. It is given all that stands there as empty, which is as good as
 * unset: what counts are the settings that were read, also after the file was changed into something that does not work.
 */
function blanks(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.keys(readFile()).map((name) => [name, '']))
}

function readFile(): NodeJS.Dict<string> {
  const path = join(repository, '.env')
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {}
}

/** Leaves out what is meant for the test runner, what is empty, and what would lead to another database than ours. */
function withoutStrangers(person: NodeJS.ProcessEnv, ownDatabase: boolean): NodeJS.ProcessEnv {
  const stranger = ownDatabase ? /^(NODE_TEST_.*|PG[A-Z]+|MIGRATE_DATABASE_URL)$/ : /^NODE_TEST_/
  return Object.fromEntries(Object.entries(person).filter(([name, value]) => value !== '' && !stranger.test(name)))
}

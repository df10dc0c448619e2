import { existsSync } from 'node:fs'
import { createAccounts } from './accounts/accounts.ts'
import { HELP as ACCOUNT_HELP } from './accounts/cli/command-line.ts'
import { accountCommand } from './accounts/cli/commands.ts'
import { seedAccounts } from './accounts/seed.ts'
import { type Config, ConfigErrors, EXIT_CONFIG, loadConfig } from './config/config.ts'
import { migrate, printMigrations } from './database/migrate.ts'
import { createPool, type Pool } from './database/pool.ts'
import { isUnavailable } from './database/unavailable.ts'
import { createAccountSessions } from './sessions/operations/accounts.ts'
import { removeExpiredSessions } from './sessions/operations/cleanup.ts'
import { seedSessions } from './sessions/operations/seed.ts'
import { createStatistics } from './sessions/operations/statistics.ts'
import { PostgresSessionStore } from './sessions/request/session-store.ts'
import { seedProducts } from './shop/seed.ts'

const HELP = `roundhouse: operations on the database that DATABASE_URL names

  migrate                        bring the schema up to date; concurrent runs wait for each other
  migrate --print                write the SQL instead, for \`psql -f\`
  sessions count                 live, signed in, expired sessions and the size of the table
  sessions active                live sessions, as a number
  sessions prune                 remove expired sessions
  account COMMAND EMAIL          see \`account --help\`
  seed                           add demo accounts, products and sessions; never in production

Examples
  npm run migrate
  npm run migrate -- --print | psql "$DATABASE_URL" -f -
  npm run sessions -- count
  npm run sessions -- active
  npm run sessions -- prune
  npm run account -- list
`

/** EX_USAGE of sysexits.h. */
const EXIT_USAGE = 64
/** Of sysexits.h: the database is unavailable, a retry may help. */
const EXIT_TEMPFAIL = 75

const printLine = (line: string) => void process.stdout.write(`${line}\n`)
const printError = (line: string) => void process.stderr.write(`${line}\n`)

const SESSIONS: Readonly<Record<string, (pool: Pool) => Promise<string>>> = {
  async count(pool) {
    const { live, signedIn, expired, bytes } = await createStatistics(pool).read()
    return `live ${live}\nsigned in ${signedIn}\nexpired ${expired}\nbytes ${bytes}`
  },
  active: async (pool) => String((await createStatistics(pool).read()).live),
  prune: async (pool) => `removed ${await removeExpiredSessions(new PostgresSessionStore({ pool }))}`,
}

// `| head` closes the pipe early, which is no error.
process.stdout.on('error', () => {})
if (existsSync('.env')) process.loadEnvFile('.env')
process.exitCode = await run(process.argv.slice(2)).catch(explain)

async function run([command, ...args]: readonly string[]): Promise<number> {
  if (command !== 'account' && args.some((argument) => argument === '--help' || argument === '-h')) return help()
  switch (command) {
    case 'migrate':
      return runMigrate(args)
    case 'sessions':
      return runSessions(args)
    case 'account':
      if (args.includes('--help') || args.length === 0) printLine(ACCOUNT_HELP)
      else return runAccount(args)
      return 0
    case 'seed':
      return withPool(runSeed)
    case '--help':
    case '-h':
    case 'help':
      return help()
    default:
      return usageError(command === undefined ? 'a command is missing' : `there is no command "${command}"`)
  }
}

async function runMigrate(args: readonly string[]): Promise<number> {
  if (args.length === 1 && args[0] === '--print') {
    printLine(await printMigrations())
    return 0
  }
  if (args.length > 0) return usageError(`migrate takes --print or nothing, not "${args.join(' ')}"`)
  const config = loadConfig(commandEnvironment())
  const role = decodeURIComponent(new URL(config.databaseUrl).username)
  const ran = await migrate({ url: config.migrateDatabaseUrl, role, onProgress: printLine })
  if (ran.length === 0) printLine('the schema is up to date')
  return 0
}

async function runSessions([action = '', ...rest]: readonly string[]): Promise<number> {
  const work = SESSIONS[action]
  if (work === undefined || rest.length > 0) return usageError('sessions takes one of count, active and prune')
  return withPool(async (pool) => {
    printLine(await work(pool))
    return 0
  })
}

function runAccount(args: readonly string[]): Promise<number> {
  const { stdin, stdout, stderr } = process
  return withPool((pool) => {
    const accountSessions = createAccountSessions({ store: new PostgresSessionStore({ pool }) })
    return accountCommand(args, { accounts: createAccounts({ pool }), accountSessions, stdin, stdout, stderr })
  })
}

async function runSeed(pool: Pool): Promise<number> {
  if (process.env.NODE_ENV === 'production') {
    printError('seed creates accounts with the public password of the source code: never run it in production')
    return EXIT_CONFIG
  }
  await seedProducts(pool)
  const accounts = createAccounts({ pool })
  await seedAccounts(accounts)
  const customers = (await accounts.list())
    .filter(({ email }) => email.endsWith('@example.com'))
    .map(({ id }) => ({ account: id, signedInAt: Date.now() }))
  await seedSessions(pool, [...customers, { basket: { sourdough: 1, apples: 2 } }, { basket: { eggs: 1 } }])
  printLine('demo accounts, products and sessions are in the database')
  return 0
}

async function withPool(work: (pool: Pool) => Promise<number>): Promise<number> {
  const config: Config = loadConfig(commandEnvironment())
  const pool = createPool({
    url: config.databaseUrl,
    name: 'command',
    size: 2,
    connectTimeoutMs: 5000,
    queryTimeoutMs: 600_000,
  })
  try {
    return await work(pool)
  } finally {
    await pool.end()
  }
}

/** Commands sign no cookies, so they need only the database, also in production. */
function commandEnvironment(): Record<string, string | undefined> {
  const { SESSION_SECRET: _, SESSION_SECRET_FILE: __, SESSION_STORE: ___, NODE_ENV: ____, ...environment } = process.env
  // Without NODE_ENV cookies are not Secure, which a __Host- name needs.
  return { ...environment, SESSION_COOKIE: undefined, SESSION_COOKIE_CLEAR: undefined }
}

function help(): number {
  process.stdout.write(HELP)
  return 0
}

function usageError(message: string): number {
  process.stderr.write(`${message}\n\n${HELP}`)
  return EXIT_USAGE
}

function explain(error: unknown): number {
  if (error instanceof ConfigErrors) {
    printError(error.message)
    return EXIT_CONFIG
  }
  const { message, code } = error as Error & { code?: string }
  printError(isUnavailable(error) ? `the database is unavailable: ${message || code}` : (error as Error).message)
  if (code === '42P01') printError('the schema is missing: run "npm run migrate"')
  return isUnavailable(error) ? EXIT_TEMPFAIL : 1
}

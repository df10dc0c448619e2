import { hostname } from 'node:os'
import { readAddress, saysTls } from '../database/address.ts'
import { z } from '../runtime/zod.ts'
import { cookiesToClear, type OwnCookie, type StaleCookie } from '../sessions/request/stale-cookies.ts'
import { cookieName, cookies, duration, flag, whole } from './parsers.ts'
import { readSecretFile, readSecrets } from './secrets.ts'
import type { Settings, Variable } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>
/** The validated environment. Times are in milliseconds. docs/settings.md lists every variable. */
export type Config = ReturnType<typeof loadConfig>

/** EX_CONFIG of sysexits.h: a restart cannot help. */
export const EXIT_CONFIG = 78

/** One line for each invalid variable: its name and what is wrong, without its value. */
export class ConfigErrors extends Error {
  constructor(errors: readonly string[]) {
    super(['roundhouse cannot start with these settings:', ...errors.map((error) => `  ${error}`)].join('\n'))
    this.name = 'ConfigErrors'
  }
}

const shape = z.object({
  // A misspelt value would leave secrets unchecked and cookies without Secure.
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  HOST: z.string().optional(),
  PORT: whole(3000, 0, 65535),
  METRICS_PORT: whole(9090, 0, 65535),
  PGPORT: whole(5432, 1, 65535),
  POOL_SIZE: whole(10, 1, 500),
  CONNECT_TIMEOUT: duration('2s', '100ms', '10m'),
  QUERY_TIMEOUT: duration('3s', '100ms', '10m'),
  IDLE_TIMEOUT: duration('30s', '1s', '1d'),
  SESSION_MAX_AGE: duration('30d', '1m', '3650d'),
  SESSION_ABSOLUTE_MAX_AGE: duration('90d', '1m', '3650d'),
  SESSION_COOKIE: cookieName.optional(),
  SESSION_COOKIE_PREVIOUS: cookieName.optional(),
  SESSION_COOKIE_CLEAR: cookies,
  SESSION_STORE: z.enum(['postgres', 'memory'], 'must be postgres or memory').default('postgres'),
  REPLICAS: whole(0, 0, 10_000),
  TRUST_PROXY: z
    .string()
    .regex(/^(\d{1,2}|true)$/, 'must be the number of proxies in front: 0, 1, 2 …')
    .default('0'),
  CLIENT_ADDRESS_HEADER: z
    .string()
    .regex(/^[\w-]{1,100}$/, 'is no name that a header can have')
    .optional(),
  COOKIE_SECURE: flag.optional(),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').default('info'),
  LOG_FORMAT: z.enum(['json', 'text'], 'must be json or text').optional(),
  REPLICA: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'may hold letters, digits, dots, colons and dashes, 100 at most')
    .optional(),
  DRAIN_DELAY: duration('0s', '0s', '10m'),
  DRAIN_TIMEOUT: duration('15s', '0s', '1h'),
} satisfies Partial<Record<Variable, z.ZodType>>)

/** Throws ConfigErrors with all errors at once. An empty variable counts as unset. */
export function loadConfig(environment: Environment, { terminal = false } = {}) {
  const env: Settings = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const errors: string[] = []
  const parsed = shape.safeParse(env)
  for (const issue of parsed.error?.issues ?? []) errors.push(`${String(issue.path[0])} ${issue.message}`)

  const production = env.NODE_ENV === 'production'
  const secrets = readSecrets(env, production, errors)
  const databaseUrl = readDatabaseUrl(env, errors)
  const migrateDatabaseUrl = env.MIGRATE_DATABASE_URL ?? databaseUrl
  checkAddress('MIGRATE_DATABASE_URL', env.MIGRATE_DATABASE_URL, errors)
  if (production) checkProduction(env, errors)
  const secure = parsed.data?.COOKIE_SECURE ?? production
  checkCookie(env.SESSION_COOKIE, secure, errors)
  // RFC 6265bis: browsers accept `__Host-` only with Secure, Path=/ and no Domain, so a sibling
  // domain cannot set it.
  const name = env.SESSION_COOKIE ?? (secure ? '__Host-sid' : 'sid')
  const cookie = {
    name,
    previousName: env.SESSION_COOKIE_PREVIOUS,
    secure,
    clear: parsed.data?.SESSION_COOKIE_CLEAR ?? [],
  }
  checkCleared(cookie, errors)
  if (errors.length > 0 || !parsed.success) throw new ConfigErrors(errors)

  const settings = parsed.data
  return Object.freeze({
    production,
    host: settings.HOST,
    port: settings.PORT,
    metricsPort: settings.METRICS_PORT,
    databaseUrl,
    migrateDatabaseUrl,
    poolSize: settings.POOL_SIZE,
    connectTimeoutMs: settings.CONNECT_TIMEOUT,
    queryTimeoutMs: settings.QUERY_TIMEOUT,
    idleTimeoutMs: settings.IDLE_TIMEOUT,
    secrets,
    sessionMaxAgeMs: settings.SESSION_MAX_AGE,
    sessionAbsoluteMaxAgeMs: settings.SESSION_ABSOLUTE_MAX_AGE,
    sessionStore: settings.SESSION_STORE,
    cookie,
    trustProxy: settings.TRUST_PROXY === 'true' ? true : Number(settings.TRUST_PROXY),
    clientAddressHeader: settings.CLIENT_ADDRESS_HEADER,
    log: { level: settings.LOG_LEVEL, format: settings.LOG_FORMAT ?? (terminal ? 'text' : 'json') } as const,
    replica: settings.REPLICA ?? env.RAILWAY_REPLICA_ID ?? hostname(),
    drain: { delayMs: settings.DRAIN_DELAY, timeoutMs: settings.DRAIN_TIMEOUT },
    version: env.VERSION,
    commit: env.COMMIT ?? env.RAILWAY_GIT_COMMIT_SHA,
  })
}

function readDatabaseUrl(env: Settings, errors: string[]): string {
  if (env.DATABASE_URL !== undefined) {
    checkAddress('DATABASE_URL', env.DATABASE_URL, errors)
    // As pg and libpq: the environment supplies what the address leaves open.
    if (env.PGSSLMODE === undefined || saysTls(env.DATABASE_URL)) return env.DATABASE_URL
    const url = `${env.DATABASE_URL}${env.DATABASE_URL.includes('?') ? '&' : '?'}sslmode=${encodeURIComponent(env.PGSSLMODE)}`
    checkAddress('PGSSLMODE', url, errors)
    return url
  }
  if (env.PGHOST === undefined) {
    errors.push(
      'DATABASE_URL is missing (or PGHOST, PGDATABASE, PGUSER, PGPASSWORD); `npm run up` brings a database of its own',
    )
    return ''
  }
  const password =
    env.PGPASSWORD ?? readSecretFile('PGPASSWORD_FILE', env.PGPASSWORD_FILE, errors)?.replace(/\r?\n$/, '')
  const url = new URL(`postgres://${encodeURIComponent(env.PGUSER ?? 'postgres')}@localhost`)
  if (password !== undefined) url.password = encodeURIComponent(password)
  url.pathname = `/${encodeURIComponent(env.PGDATABASE ?? env.PGUSER ?? 'postgres')}`
  if (env.PGPORT !== undefined && /^\d+$/.test(env.PGPORT)) url.port = env.PGPORT
  if (env.PGSSLMODE !== undefined) url.searchParams.set('sslmode', env.PGSSLMODE)
  // A host that is a folder is a Unix socket, which an address can name only in its query.
  if (env.PGHOST.startsWith('/')) url.searchParams.set('host', env.PGHOST)
  else url.hostname = env.PGHOST
  checkAddress('PGSSLMODE', url.href, errors)
  return url.href
}

function checkAddress(name: string, text: string | undefined, errors: string[]): void {
  if (text === undefined) return
  try {
    readAddress(text)
  } catch (error) {
    errors.push(`${name} ${(error as Error).message}`)
  }
}

function checkProduction(env: Settings, errors: string[]): void {
  if (env.TRUST_PROXY === 'true')
    errors.push('TRUST_PROXY=true would let any client choose its address: set it to the number of proxies in front')
  if (env.SESSION_STORE === 'memory' && env.REPLICAS !== '1')
    errors.push('SESSION_STORE=memory keeps sessions in one process: set REPLICAS=1, and run one replica only')
}

function checkCookie(name: string | undefined, secure: boolean, errors: string[]): void {
  if (!secure && name !== undefined && /^__(host|secure)-/i.test(name))
    errors.push('SESSION_COOKIE has a name that browsers accept over HTTPS only: set COOKIE_SECURE=true')
}

function checkCleared(cookie: OwnCookie & { clear: readonly StaleCookie[] }, errors: string[]): void {
  try {
    cookiesToClear(cookie.clear, cookie)
  } catch (error) {
    errors.push(`SESSION_COOKIE_CLEAR ${(error as Error).message}`)
  }
}

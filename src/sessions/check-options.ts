import type { Pool } from 'pg'
import type { CookieSettings, SessionsOptions } from './options.ts'

type Check = (value: never) => boolean

const isBoolean: Check = (value) => typeof value === 'boolean'
const isFunction: Check = (value) => typeof value === 'function'
const isText: Check = (value) => typeof value === 'string' && value !== ''
const isSeconds: Check = (value) => typeof value === 'number' && value > 0 && value <= MAX_SECONDS
/** Ten years, as for every lifetime. */
const MAX_SECONDS = 3650 * 86_400
/** RFC 6265: the characters of a token. */
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const isCookieName: Check = (value) => typeof value === 'string' && COOKIE_NAME.test(value)
const isAge: Check = (value) => value === null || isPositive(value)
const isPositive: Check = (value) => typeof value === 'number' && value > 0 && value <= MAX_SECONDS * 1000

/** By option: what it takes, in words and as a check. */
const OPTIONS: Readonly<Record<keyof SessionsOptions, readonly [expected: string, check: Check]>> = {
  secret: ['one or several texts that are not empty', isSecret],
  pool: ["a pg Pool, or 'memory'", (value) => value === 'memory' || isPool(value)],
  conString: ['a URL such as postgres://user@host/database', isText],
  conObject: ['the settings of a pg Pool', (value) => typeof value === 'object'],
  store: [
    'the store of other sessions of this module: leave it out, and give its pool or conString',
    (value) => typeof value === 'object' && 'tracked' in (value as object),
  ],
  tableName: ['the name of a table, at most 50 bytes', isTableName],
  schemaName: ['the name of a schema', isText],
  name: ['a name that a cookie can have', isCookieName],
  previousName: ['a name that a cookie can have', isCookieName],
  clearCookies: ['a list of { name, domain, path }', (value) => Array.isArray(value)],
  cookie: ['attributes, or a function of the request', (value) => ['object', 'function'].includes(typeof value)],
  genid: ['a function', isFunction],
  proxy: ['true or false', isBoolean],
  resave: [
    'false: to write an unchanged session would undo what other requests changed; touch keeps it alive',
    (value) => value === false,
  ],
  rolling: ['true or false', isBoolean],
  saveUninitialized: ['true or false', isBoolean],
  unset: ["'destroy' or 'keep'", (value) => value === 'destroy' || value === 'keep'],
  ttl: ['seconds, above 0 and at most ten years', isSeconds],
  disableTouch: ['true or false', isBoolean],
  absoluteMaxAge: ['milliseconds, above 0 and at most ten years', isPositive],
  createTableIfMissing: ['true or false', isBoolean],
  pruneSessionInterval: ['seconds, or false', (value) => value === false || isSeconds(value)],
  maxBytes: ['a number above 0', (value) => typeof value === 'number' && value > 0],
  accountIdOf: ['a function', isFunction],
  hashIds: ['true or false', isBoolean],
  maxSessionsPerAccount: ['a whole number above 0', (value) => Number.isInteger(value) && (value as number) > 0],
  describe: ['a function', isFunction],
  onQuery: ['a function', isFunction],
  onCommitError: ['a function', isFunction],
  onCookieWithheld: ['a function', isFunction],
  errorLog: ['a function', isFunction],
}

const COOKIE_OPTIONS: Readonly<Record<keyof CookieSettings, readonly [expected: string, check: Check]>> = {
  domain: ['a domain such as example.com', isText],
  path: ['a path such as /', (value) => typeof value === 'string' && (value as string).startsWith('/')],
  httpOnly: ['true or false', isBoolean],
  sameSite: ["true, false, 'lax', 'strict', 'none' or 'auto'", isOneOf(true, false, 'lax', 'strict', 'none', 'auto')],
  secure: ["true, false or 'auto'", isOneOf(true, false, 'auto')],
  maxAge: ['milliseconds, above 0 and at most ten years, or null', isAge],
  expires: ['a Date, false or null', (value) => !value || isDate(value)],
  partitioned: ['true or false', isBoolean],
  priority: ["'low', 'medium' or 'high'", isOneOf('low', 'medium', 'high')],
  encode: ['a function', isFunction],
}

/** Options of express-session and connect-pg-simple that this module does not take. */
const INSTEAD: Readonly<Record<string, string>> = {
  key: 'its name is `name`',
  maxAge: 'it belongs into `cookie`',
  pgPromise: 'give a pg Pool as `pool`',
  pruneSessionRandomizedInterval: 'leave it out: the interval is always randomized',
}

/** Throws TypeError, with a sentence that says what to do. */
export function checkOptions(options: SessionsOptions): void {
  check('option', options, OPTIONS)
  const { pool, conString, conObject, store, secret, cookie = {}, name = 'connect.sid' } = options
  if (secret === undefined) throw new TypeError('the option secret is missing: it signs the cookie')
  const sources = [pool, conString, conObject, store].filter((source) => source !== undefined)
  if (sources.length !== 1)
    throw new TypeError(`give one of the options pool, conString, conObject and store, not ${sources.length}`)
  if (isClosed(pool)) throw new TypeError('the option pool is closed: create the sessions before pool.end()')
  if (typeof cookie === 'object') checkCookieSettings(cookie, name)
}

/** As checkOptions, for the attributes that a function returned. */
export function checkCookieSettings(cookie: CookieSettings, name: string): void {
  check('option cookie.', cookie, COOKIE_OPTIONS)
  const { secure, domain, path = '/' } = cookie
  const isHostOnly = /^__host-/i.test(name)
  if ((isHostOnly || /^__secure-/i.test(name)) && secure !== true)
    throw new TypeError(`browsers take a cookie ${name} only with cookie.secure: true`)
  if (isHostOnly && (domain !== undefined || path !== '/'))
    throw new TypeError(`browsers take a cookie ${name} only without cookie.domain, and with the path /`)
}

function check(what: string, values: object, known: Readonly<Record<string, readonly [string, Check]>>): void {
  for (const [name, value] of Object.entries(values)) {
    const label = what.endsWith('.') ? `${what}${name}` : `${what} ${name}`
    const [expected, isValid] = known[name] ?? []
    if (isValid === undefined)
      throw new TypeError(`the ${label} is unknown${name in INSTEAD ? `: ${INSTEAD[name]}` : ''}`)
    if (value !== undefined && !isValid(value as never)) throw new TypeError(`the ${label} must be ${expected}`)
  }
}

function isSecret(value: unknown): boolean {
  const secrets = Array.isArray(value) ? value : [value]
  return secrets.length > 0 && secrets.every((secret) => typeof secret === 'string' && secret !== '')
}

function isTableName(value: unknown): boolean {
  // The table of tombstones has a longer name, and Postgres cuts names at 63 bytes.
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 50
}

function isPool(value: unknown): boolean {
  const { query, connect } = (value ?? {}) as Partial<Pool>
  return typeof query === 'function' && typeof connect === 'function'
}

function isClosed(pool: SessionsOptions['pool']): boolean {
  return typeof pool === 'object' && (pool as { ending?: boolean }).ending === true
}

function isOneOf(...allowed: readonly unknown[]): Check {
  return (value) => allowed.includes(value)
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

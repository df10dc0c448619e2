import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigErrors, type Environment, loadConfig } from './config.ts'

const DATABASE_URL = 'postgres://ada:pw@db.example/shop'
const SESSION_SECRET = 'f3a1c0de9b8877665544332211ffeedd00'
const production = { NODE_ENV: 'production', DATABASE_URL, SESSION_SECRET }

test('a first run needs a database and no other setting', () => {
  const config = loadConfig({ DATABASE_URL })
  assert.equal(config.port, 3000)
  assert.equal(config.metricsPort, 9090)
  assert.equal(config.sessionMaxAgeMs, 30 * 24 * 60 * 60 * 1000)
  assert.deepEqual(config.cookie, { name: 'sid', previousName: undefined, secure: false, clear: [] })
  assert.equal(config.secrets.length, 1)
  assert.ok(Object.isFrozen(config))
})

test('all errors are reported at once, by variable and without the value', () => {
  const errors = errorsOf({
    NODE_ENV: 'production',
    PORT: 'eighty',
    SESSION_MAX_AGE: 'a month',
    SESSION_SECRET: 'hunter2',
    TRUST_PROXY: 'true',
    SESSION_STORE: 'memory',
    LOG_LEVEL: 'chatty',
    DATABASE_URL: 'mysql://ada:secretpw@db/shop',
  })
  for (const name of [
    'PORT',
    'SESSION_MAX_AGE',
    'SESSION_SECRET',
    'TRUST_PROXY',
    'SESSION_STORE',
    'LOG_LEVEL',
    'DATABASE_URL',
  ])
    assert.match(errors, new RegExp(`^  ${name}\\b`, 'm'))
  assert.doesNotMatch(errors, /hunter2|secretpw|eighty/)
})

const refused: readonly [string, Environment, RegExp][] = [
  ['no secret in production', { ...production, SESSION_SECRET: undefined }, /SESSION_SECRET is missing/],
  ['an empty secret', { ...production, SESSION_SECRET: '' }, /SESSION_SECRET is missing/],
  ['a secret of nothing but commas', { ...production, SESSION_SECRET: ',,' }, /SESSION_SECRET holds no secret/],
  ['a short secret in production', { ...production, SESSION_SECRET: 'x7'.repeat(15) }, /too short/],
  ['a short second secret', { ...production, SESSION_SECRET: `${SESSION_SECRET},x7x7` }, /number 2 of the list/],
  ["a tutorial's secret", { ...production, SESSION_SECRET: 'a_default_secret_for_development' }, /well-known/],
  ['one character again and again', { ...production, SESSION_SECRET: 'a'.repeat(40) }, /well-known/],
  [
    'a secret file that is not there',
    { ...production, SESSION_SECRET: undefined, SESSION_SECRET_FILE: '/nowhere' },
    /ENOENT/,
  ],
  ['no database', {}, /DATABASE_URL is missing/],
  ['sessions in memory on unnamed replicas', { ...production, SESSION_STORE: 'memory' }, /REPLICAS=1/],
  ['an address that any client can choose', { ...production, TRUST_PROXY: 'true' }, /TRUST_PROXY/],
  ['an environment that is not known, such as a misspelt production', { ...production, NODE_ENV: 'prod' }, /NODE_ENV/],
  [
    'a cookie name for HTTPS alone over plain HTTP',
    { DATABASE_URL, SESSION_COOKIE: '__Host-shop' },
    /SESSION_COOKIE .* COOKIE_SECURE=true/,
  ],
  [
    'a cookie to clear with an unknown attribute',
    clear('Domain=example.com; Secure'),
    /CLEAR entry 1 has no attribute/,
  ],
  ['a cookie to clear with an attribute twice', clear('Path=/a; path=/b'), /CLEAR entry 1 has an attribute twice/],
  ['a cookie to clear without a domain that is one', clear('Domain=/'), /CLEAR entry 1 has no domain/],
  ['a cookie to clear without a path that is one', clear('Domain=example.com, Path=shop'), /CLEAR entry 2 has no path/],
  ['a cookie to clear with an empty attribute', clear('Name=; Path=/shop'), /CLEAR entry 1 has no name/],
  ['nothing to clear between two commas', clear('Path=/a,,Path=/b'), /CLEAR entry 2 has no attribute/],
  ["the session's own cookie to clear", clear('Path=/'), /CLEAR entry 1 names the session.s own cookie/],
  ["the session's own cookie to clear, by name", clear('Name=sid'), /CLEAR entry 1 names the session.s own cookie/],
  ['a __Host- cookie of a domain to clear', clear('Name=__Host-a; Domain=example.com'), /entry 1 has a __Host- name/],
  [
    'a domain of the own cookie to clear, where its name has none',
    { ...production, SESSION_COOKIE_CLEAR: 'Domain=example.com' },
    /CLEAR entry 1 names no cookie: .* say Name=/,
  ],
  [
    'more cookies to clear than an answer should carry',
    clear(Array(11).fill('Path=/a').join()),
    /CLEAR has more than 10/,
  ],
  ['a duration without a unit', { DATABASE_URL, DRAIN_DELAY: '5' }, /DRAIN_DELAY is no duration/],
  [
    'a time limit that no timer can hold',
    { DATABASE_URL, QUERY_TIMEOUT: '30d' },
    /QUERY_TIMEOUT is 30d: .*100ms to 10m/,
  ],
  ['a time limit in which nothing can be done', { DATABASE_URL, CONNECT_TIMEOUT: '1ms' }, /CONNECT_TIMEOUT is 1ms: /],
  ['an idle time of years', { DATABASE_URL, IDLE_TIMEOUT: '400d' }, /IDLE_TIMEOUT is 400d: .*1s to 1d/],
  ['a drain of a month', { DATABASE_URL, DRAIN_TIMEOUT: '30d' }, /DRAIN_TIMEOUT is 30d: .*0s to 1h/],
  ['a delay of a month', { DATABASE_URL, DRAIN_DELAY: '30d' }, /DRAIN_DELAY is 30d: .*0s to 10m/],
  ['a session of a second', { DATABASE_URL, SESSION_MAX_AGE: '1s' }, /SESSION_MAX_AGE is 1s: .*1m to 3650d/],
  [
    'a session of eleven years',
    { DATABASE_URL, SESSION_ABSOLUTE_MAX_AGE: '4015d' },
    /SESSION_ABSOLUTE_MAX_AGE is 4015d: .*1m to 3650d/,
  ],
  ['a port out of range', { DATABASE_URL, PORT: '70000' }, /PORT must be a whole number from 0 to 65535/],
  ['an sslmode that cannot be kept', { DATABASE_URL: `${DATABASE_URL}?sslmode=prefer` }, /sslmode/],
]

for (const [what, environment, error] of refused)
  test(`${what} is refused`, () => assert.match(errorsOf(environment), error))

test('production over HTTPS sends a __Host- cookie, and plain HTTP must be a setting', () => {
  assert.deepEqual(loadConfig(production).cookie, {
    name: '__Host-sid',
    previousName: undefined,
    secure: true,
    clear: [],
  })
  assert.equal(loadConfig({ ...production, COOKIE_SECURE: 'false' }).cookie.name, 'sid')
})

test('cookies of another domain or path are cleared by name, domain and path', () => {
  const { cookie } = loadConfig(clear('domain=.example.com; path=/ , Name=connect.sid;Path=/shop'))
  assert.deepEqual(cookie.clear, [
    { domain: '.example.com', path: '/' },
    { name: 'connect.sid', path: '/shop' },
  ])
  const replacing = {
    ...production,
    SESSION_COOKIE_PREVIOUS: 'connect.sid',
    SESSION_COOKIE_CLEAR: 'Domain=example.com',
  }
  assert.deepEqual(loadConfig(replacing).cookie.clear, [{ domain: 'example.com' }])
})

test('the memory store is allowed in production for one replica', () => {
  assert.equal(loadConfig({ ...production, SESSION_STORE: 'memory', REPLICAS: '1' }).sessionStore, 'memory')
})

test("libpq's variables replace an address, with every character of the password", () => {
  const { databaseUrl, migrateDatabaseUrl } = loadConfig({
    PGHOST: 'db',
    PGUSER: 'ada',
    PGPASSWORD: 'p@ss/w:rd',
    PGDATABASE: 'shop',
    PGPORT: '6432',
  })
  const url = new URL(databaseUrl)
  assert.equal(decodeURIComponent(url.password), 'p@ss/w:rd')
  assert.equal(`${url.username} ${url.host}${url.pathname}`, 'ada db:6432/shop')
  assert.equal(migrateDatabaseUrl, databaseUrl)
})

test("a replica has its platform's name, else its host's", () => {
  assert.equal(loadConfig({ DATABASE_URL, RAILWAY_REPLICA_ID: 'r-1' }).replica, 'r-1')
  assert.equal(loadConfig({ DATABASE_URL, RAILWAY_REPLICA_ID: 'r-1', REPLICA: 'app-1' }).replica, 'app-1')
  assert.notEqual(loadConfig({ DATABASE_URL }).replica, '')
})

function clear(SESSION_COOKIE_CLEAR: string): Environment {
  return { DATABASE_URL, SESSION_COOKIE_CLEAR }
}

function errorsOf(environment: Environment): string {
  try {
    loadConfig(environment)
  } catch (error) {
    assert.ok(error instanceof ConfigErrors)
    return error.message
  }
  assert.fail('nothing was refused')
}

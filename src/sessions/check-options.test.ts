import assert from 'node:assert/strict'
import { test } from 'node:test'
import connectPgSimple from 'connect-pg-simple'
import expressSession from 'express-session'
import pg from 'pg'
import { createSessions } from './sessions.ts'

const memory = { pool: 'memory', secret: 'a secret of this test, long enough' } as const
const closed = new pg.Pool()
await closed.end()
const stock = new (connectPgSimple(expressSession))({ pool: closed, pruneSessionInterval: false })

const REFUSED: readonly [what: string, options: object, sentence: RegExp][] = [
  ['an unknown option', { tabelName: 'session' }, /the option tabelName is unknown/],
  ['a maxAge outside the cookie', { maxAge: 1000 }, /the option maxAge is unknown: it belongs into `cookie`/],
  ['an unknown attribute', { cookie: { samesite: 'lax' } }, /the option cookie\.samesite is unknown/],
  ['no secret', { secret: undefined }, /the option secret is missing/],
  ['an empty secret', { secret: '' }, /the option secret must be one or several texts that are not empty/],
  ['an empty secret of several', { secret: ['one', ''] }, /the option secret must be/],
  ['no secrets', { secret: [] }, /the option secret must be/],
  ['resave', { resave: true }, /the option resave must be false: to write an unchanged session would undo/],
  ['a store of another module', { pool: undefined, store: stock }, /the option store must be .* give its pool/],
  ['neither pool nor URL', { pool: undefined }, /give one of the options pool, conString, conObject and store, not 0/],
  ['both pool and URL', { conString: 'postgres://localhost/x' }, /give one of the options .* not 2/],
  ['a pool that is none', { pool: {} }, /the option pool must be a pg Pool/],
  ['a closed pool', { pool: closed }, /the option pool is closed/],
  ['a table with a long name', { tableName: 'x'.repeat(51) }, /the option tableName must be .* at most 50 bytes/],
  ['a text as maxAge', { cookie: { maxAge: '1h' } }, /the option cookie\.maxAge must be milliseconds/],
  ['an invalid date', { cookie: { expires: new Date(Number.NaN) } }, /the option cookie\.expires must be a Date/],
  ['a wrong sameSite', { cookie: { sameSite: 'Lax' } }, /the option cookie\.sameSite must be/],
  ['a __Host- name over HTTP', { name: '__Host-sid' }, /__Host-sid only with cookie\.secure: true/],
  [
    'a __Host- name with a domain',
    { name: '__Host-sid', cookie: { secure: true, domain: 'example.com' } },
    /__Host-sid only without cookie\.domain/,
  ],
  ['a name that no cookie can have', { name: 'my sid' }, /the option name must be a name that a cookie can have/],
  ['a wrong unset', { unset: 'remove' }, /the option unset must be 'destroy' or 'keep'/],
]

for (const [what, options, sentence] of REFUSED)
  test(`${what} ends the start with a sentence that says what to do`, () => {
    assert.throws(() => createSessions({ ...memory, ...options } as never), { name: 'TypeError', message: sentence })
  })

test('options that are undefined count as left out', () => {
  createSessions({ ...memory, conString: undefined, name: undefined, cookie: { domain: undefined }, resave: undefined })
})

import assert from 'node:assert/strict'
import { PassThrough, Readable, Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createAccountSessions } from '../../sessions/operations/accounts.ts'
import { PostgresSessionStore } from '../../sessions/request/session-store.ts'
import type { TestDatabase } from '../../sessions/testing/test-database.ts'
import { freshDatabase } from '../../testing/fresh-database.ts'
import { createAccounts } from '../accounts.ts'
import { accountCommand } from './commands.ts'

const PASSWORD = 'blue kettle sings'
let database: TestDatabase
before(async () => {
  database = await freshDatabase()
})
after(() => database.drop())

const accounts = () => createAccounts({ pool: database.pool, cost: { memory: 8, passes: 1, parallelism: 1 } })

/** Runs a command without a terminal, or with these keys typed at one. */
async function run(args: string, { piped = '', typed }: { piped?: string; typed?: readonly string[] } = {}) {
  const written = { out: '', err: '' }
  const collect = (name: 'out' | 'err', seen: (text: string) => void = () => {}) =>
    new Writable({
      write(chunk, _encoding, done) {
        written[name] += chunk
        seen(String(chunk))
        done()
      },
    })
  const keys = [...(typed ?? [])]
  const stdin =
    typed === undefined ? Readable.from([piped]) : Object.assign(new PassThrough(), { isTTY: true, setRawMode() {} })
  const answer = (text: string) => {
    if (text.endsWith(': ') && stdin instanceof PassThrough) setImmediate(() => stdin.write(keys.shift() ?? '\u0003'))
  }
  const accountSessions = createAccountSessions({ store: new PostgresSessionStore({ pool: database.pool }) })
  const streams = { stdin, stdout: collect('out'), stderr: collect('err', answer) }
  const exit = await accountCommand(args.split(' ').filter(Boolean), {
    accounts: accounts(),
    accountSessions,
    ...streams,
  })
  return { exit, ...written }
}

test('create-staff reads a password from standard input, and the account can sign in', async () => {
  const { exit, out } = await run('create-staff sten@example.com --name Sten --password-stdin', {
    piped: `${PASSWORD}\n`,
  })
  assert.deepEqual([exit, out], [0, 'sten@example.com is a member of staff\n'])
  const sten = await accounts().verifyCredentials('sten@example.com', PASSWORD)
  assert.deepEqual([sten?.name, sten?.role], ['Sten', 'staff'])
})

test('create-staff asks for a password twice, and never shows it', async () => {
  const typed = [`${PASSWORD}\r`, 'something else\r', 'blue kettlr\u007fe sings\r', `${PASSWORD}\r`]
  const { exit, out, err } = await run('create-staff una@example.com', { typed })
  assert.equal(exit, 0)
  assert.match(err, /not the same/)
  assert.ok(!`${out}${err}`.includes('kettle'))
  assert.ok(await accounts().verifyCredentials('una@example.com', PASSWORD))
})

test('a command finds an account by either spelling of a Unicode domain', async () => {
  await run('create-staff sten@b\u00fccher.example --password-stdin', { piped: `${PASSWORD}\n` })
  const again = await run('create-staff sten@xn--bcher-kva.example --password-stdin', { piped: `${PASSWORD}\n` })
  assert.match(again.err, /has an account already/)
  const { exit, out } = await run('delete sten@xn--bcher-kva.example --yes')
  assert.deepEqual([exit, out], [0, 'sten@b\u00fccher.example is removed; sessions ended: 0\n'])
})

test('the command line refuses the names that the form refuses', async () => {
  for (const [name, says] of [
    ['\u3164', /Name is missing/],
    ['Ada\u202enosreP', /direction/],
    ['x'.repeat(101), /too long/],
  ] as const) {
    const { exit, err } = await run(`create-staff eve@example.com --name ${name} --password-stdin`, { piped: PASSWORD })
    assert.equal(exit, 1)
    assert.match(err, says)
  }
  assert.equal(await accounts().findByEmail('eve@example.com'), null)
})

test('list prints all accounts, as a table or as JSON', async () => {
  assert.match((await run('list')).out, /^sten@example\.com {2}staff {5}since \d{4}-\d\d-\d\d$/m)
  const listed = JSON.parse((await run('list --json')).out)
  assert.deepEqual(Object.keys(listed[0]), ['id', 'email', 'name', 'role', 'createdAt', 'disabledAt'])
})

test('set-password sets a new password, and ends every session', async () => {
  const sten = await accounts().findByEmail('sten@example.com')
  await database.pool.query(
    `INSERT INTO session (sid, sess, expire, account) VALUES ('a-sid', $1, now() + interval '1 day', $2)`,
    [JSON.stringify({ account: sten?.id }), sten?.id],
  )
  const { exit, out } = await run('set-password STEN@example.com --password-stdin', { piped: 'green kettle sings' })
  assert.deepEqual([exit, out], [0, 'sten@example.com has a new password; sessions ended: 1\n'])
  assert.equal(await accounts().verifyCredentials('sten@example.com', PASSWORD), null)
})

test('disable, enable, sign-out and delete change the account', async () => {
  assert.equal((await run('disable sten@example.com')).exit, 0)
  assert.match((await run('list')).out, /sten@example\.com .*disabled/)
  assert.equal(await accounts().verifyCredentials('sten@example.com', 'green kettle sings'), null)
  assert.equal((await run('enable sten@example.com')).exit, 0)
  assert.ok(await accounts().verifyCredentials('sten@example.com', 'green kettle sings'))
  const credentialsVersion = (await accounts().findByEmail('sten@example.com'))?.credentialsVersion ?? 0
  assert.equal((await run('sign-out sten@example.com')).exit, 0)
  assert.equal((await accounts().findByEmail('sten@example.com'))?.credentialsVersion, credentialsVersion + 1)
  assert.match((await run('delete sten@example.com')).err, /was not removed/)
  assert.match((await run('delete una@example.com', { typed: ['no\n'] })).err, /was not removed/)
  assert.equal((await run('delete una@example.com', { typed: ['una@example.com\n'] })).exit, 0)
  assert.equal((await run('delete sten@example.com --yes')).exit, 0)
  assert.equal((await run('list')).out, 'there are no accounts yet\n')
})

const MISTAKES: readonly (readonly [string, number, RegExp])[] = [
  ['dance', 64, /no command "dance"/],
  ['disable', 64, /address is missing/],
  ['create-staff', 64, /address is missing/],
  ['disable ada@example.com bea@example.com', 64, /one argument too many/],
  ['list --colour', 64, /Unknown option '--colour'/],
  ['create-staff ada --password-stdin', 64, /no e-mail address/],
  ['disable nobody@example.com', 1, /no account has the address/],
  ['create-staff ada@example.com', 1, /add --password-stdin/],
  ['create-staff ada@example.com --password-stdin', 1, /too short/],
]
for (const [args, exit, error] of MISTAKES)
  test(`"account ${args}" explains what is wrong`, async () => {
    const ran = await run(args)
    assert.equal(ran.exit, exit)
    assert.match(ran.err, error)
    assert.equal(ran.out, '')
  })

test('the help has an example of every command', async () => {
  const { exit, out } = await run('--help')
  assert.equal(exit, 0)
  for (const command of ['create-staff', 'list', 'set-password', 'disable', 'enable', 'sign-out', 'delete'])
    assert.match(out, new RegExp(`npm run account -- ${command}`))
})

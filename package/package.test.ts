import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { arch, platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createTestDatabase, type TestDatabase } from '../src/sessions/testing/test-database.ts'
import { type BuiltPackage, buildPackage } from './build.ts'

const ROOT = join(import.meta.dirname, '..')
const NODES = ['22', '24', '26']
const EXPRESSES = ['4.22', '5']
const MAX_PACKED_BYTES = 60_000
const SLOW = { timeout: 300_000 }

/** The same application for `require` and `import`. */
const SHOP = `module.exports = async (express, session, pg) => {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  const sessions = session({ pool, secret: 'a secret of this test', resave: false, saveUninitialized: false })
  const app = express()
  app.use(sessions)
  app.post('/login', (req, res) => req.session.regenerate((error) => {
    if (error) throw error
    req.session.account = 'ada'
    res.json({})
  }))
  app.get('/me', (req, res) => res.json({ account: req.session.account ?? null }))
  app.post('/logout', (req, res) => req.session.destroy(() => res.json({})))
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
  process.once('SIGTERM', async () => {
    server.close()
    server.closeAllConnections()
    await sessions.close()
    await pool.end()
  })
}`
const APPS = {
  'app.cjs': `require('./shop.cjs')(require('express'), require('roundhouse-sessions'), require('pg'))`,
  'app.mjs': `import express from 'express'
import pg from 'pg'
import session, { createSessions, SessionEnded } from 'roundhouse-sessions'
import shop from './shop.cjs'
if (typeof createSessions !== 'function' || !(new SessionEnded() instanceof Error)) throw new Error('an export is missing')
shop(express, session, pg)`,
} as const

const USE_TYPES = `
const options: SessionsOptions = { pool: new pg.Pool(), secret: ['a'], cookie: { secure: 'auto', sameSite: 'lax' } }
const sessions: Sessions = session(options)
express().use(sessions).get('/', async (req, res) => {
  await req.session.regenerate({ keep: true })
  await req.session.update((draft) => void draft.cookie)
  req.session.save((error?: unknown) => res.end(String(error)))
  if (new SessionEnded().status === 401) await sessions.close()
})
// @ts-expect-error: there is no such option
session({ pool: 'memory', secret: 'a', tabelName: 'x' })
createSessions(options)
`
const TYPED = {
  'esm.mts': `import express from 'express'
import pg from 'pg'
import session, { createSessions, SessionEnded, type Sessions, type SessionsOptions } from 'roundhouse-sessions'
${USE_TYPES}`,
  'cjs.cts': `import express = require('express')
import pg = require('pg')
import session = require('roundhouse-sessions')
import { createSessions, SessionEnded, type Sessions, type SessionsOptions } from 'roundhouse-sessions'
${USE_TYPES}`,
  'interop.cts': `import session from 'roundhouse-sessions'
session({ pool: 'memory', secret: 'a' })`,
  'bundled.ts': `import session from 'roundhouse-sessions'
session({ pool: 'memory', secret: 'a' })`,
}

let folder: string
let built: BuiltPackage
let database: TestDatabase
const processes = new Set<ChildProcess>()

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'package-'))
  built = await buildPackage(folder)
  database = await createTestDatabase({ migrate: async () => {} })
  await install('nodes', ...NODES.map((node) => `node${node}@npm:node-${platform()}-${arch()}@${node}`))
  for (const version of EXPRESSES) {
    const types = `@types/express@${version.split('.')[0]}`
    await install(version, built.path, `express@${version}`, types, ...['express-session', 'pg'], ...TYPE_PACKAGES)
    for (const [name, text] of Object.entries({ 'shop.cjs': SHOP, ...APPS, ...TYPED }))
      await writeFile(join(folder, version, name), text)
  }
}, SLOW)
after(async () => {
  for (const child of processes) child.kill('SIGKILL')
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

const TYPE_PACKAGES = ['@types/express-session', '@types/pg', '@types/node']

test('the package has its code, types, source maps, SQL and texts, and is small', () => {
  const outside = built.files.filter((file) => !/^dist\/.+\.(js|d\.ts|js\.map|sql)$/.test(file))
  assert.deepEqual(outside.sort(), [
    ...['CHANGELOG.md', 'LICENSE', 'README.md'],
    ...['index.cjs', 'index.d.cts', 'index.d.mts', 'index.mjs', 'package.json'],
  ])
  assert.equal(built.files.filter((file) => file.endsWith('.sql')).length, 2)
  assert.deepEqual(
    built.files.filter((file) => /test|seed/.test(file)),
    [],
  )
  assert.ok(built.packedBytes <= MAX_PACKED_BYTES, `${built.packedBytes} bytes`)
})

for (const [program, ...args] of [['publint', '--strict'], ['attw']] as const)
  test(`${program} finds nothing`, SLOW, async () => {
    const target = program === 'attw' ? built.path : join(folder, 'roundhouse-sessions')
    await run(join(ROOT, 'node_modules/.bin', program), [...args, target], ROOT)
  })

for (const module of ['node16', 'bundler'] as const)
  test(`strict TypeScript with moduleResolution ${module} takes it, and refuses an unknown option`, async () => {
    const files = Object.keys(TYPED).filter((name) =>
      module === 'bundler' ? name === 'bundled.ts' : name !== 'bundled.ts',
    )
    const flags =
      module === 'bundler' ? ['--module', 'esnext', '--moduleResolution', 'bundler'] : ['--module', 'node16']
    for (const version of EXPRESSES) {
      const args = ['--noEmit', '--strict', '--types', 'node', '--esModuleInterop', ...flags, ...files]
      await run(join(ROOT, 'node_modules/.bin/tsc'), args, join(folder, version))
    }
  })

test('the command creates the table, reports it, and explains wrong usage without a password', async () => {
  const bin = join(folder, '5/node_modules/.bin/roundhouse-sessions')
  const call = (...args: string[]) =>
    promisify(execFile)(bin, args, {
      env: { PATH: `${join(folder, 'nodes/node_modules/node22/bin')}:${process.env.PATH}` },
    })
      .then(({ stdout }) => ({ code: 0, text: stdout }))
      .catch(({ code, stdout, stderr }) => ({ code, text: stdout + stderr }))
  const url = ['--database-url', database.url]
  assert.deepEqual((await call('status', ...url)).code, 2)
  assert.match((await call('migrate', ...url)).text, /migrated 0001_session\nmigrated 0002_session_account_index\n/)
  assert.equal((await call('migrate', ...url)).text, 'the schema is up to date\n')
  assert.match((await call('status', ...url)).text, /^live 0\nsigned in 0\nexpired 0\nbytes \d+\n$/)
  assert.deepEqual(await call('prune', ...url), { code: 0, text: 'removed 0\n' })
  for (const wrong of [[], ['drop'], ['status', 'now'], ['status', '--url', 'x'], ['status']])
    assert.equal((await call(...wrong)).code, 64)
  const away = await call('status', '--database-url', 'postgres://ada:water-over-lantern@127.0.0.1:1/shop')
  assert.equal(away.code, 75)
  assert.doesNotMatch(away.text, /water-over-lantern/)
})

for (const node of NODES)
  for (const version of EXPRESSES)
    describe(`Node ${node} and Express ${version}`, () => {
      for (const app of Object.keys(APPS))
        test(`${app}: signed in on one process, known on the other, signed out on both`, async () => {
          const [here, there] = await Promise.all([start(node, version, app), start(node, version, app)])
          const login = await fetch(`${here.url}/login`, { method: 'POST' })
          const headers = { cookie: login.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
          const accountAt = async ({ url }: App) =>
            ((await (await fetch(`${url}/me`, { headers })).json()) as { account: unknown }).account
          assert.deepEqual([await accountAt(here), await accountAt(there)], ['ada', 'ada'])
          await fetch(`${there.url}/logout`, { method: 'POST', headers })
          assert.deepEqual([await accountAt(here), await accountAt(there)], [null, null])
          assert.deepEqual([await here.stop(), await there.stop()], [0, 0])
        })
    })

interface App {
  readonly url: string
  /** Resolves with the exit code. */
  stop(): Promise<number | null>
}

async function start(node: string, version: string, app: string): Promise<App> {
  const program = join(folder, `nodes/node_modules/node${node}/bin/node`)
  const env = { DATABASE_URL: database.url, NODE_ENV: 'production' }
  const child = spawn(program, [app], { cwd: join(folder, version), env, stdio: ['ignore', 'pipe', 'inherit'] })
  processes.add(child)
  const [port] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')])) as [string]
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      processes.delete(child)
      return child.exitCode
    },
  }
}

async function install(name: string, ...packages: readonly string[]): Promise<void> {
  await mkdir(join(folder, name))
  await writeFile(join(folder, name, 'package.json'), '{"private":true}')
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], join(folder, name))
}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  await promisify(execFile)(program, args, { cwd, env }).catch(({ stdout, stderr }) =>
    assert.fail(`${program} ${args.join(' ')}\n${stdout}${stderr}`),
  )
}

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { identify, isAlive } from '../processes/identity.ts'
import { launch, waitForLine } from '../processes/processes.ts'
import { provideDatabase, query } from './database.ts'
import { type Postgres, startPostgres } from './postgres.ts'

let folder = ''
let postgres: Postgres

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'postgres-'))
  postgres = await startPostgres({ folder, durable: false })
})
after(async () => {
  await postgres.stop('immediate')
  await rm(folder, { recursive: true })
})

test('Postgres listens on this machine only, and needs the password that only its owner can read', async () => {
  assert.deepEqual(await query(postgres.url, 'SHOW listen_addresses'), [{ listen_addresses: '127.0.0.1' }])
  assert.equal(statSync(join(folder, 'password')).mode & 0o777, 0o600)
  const guess = Object.assign(new URL(postgres.url), { password: 'guess' }).href
  await assert.rejects(query(guess, 'SELECT 1'), /password authentication failed/)
})

test("the application's role owns its database, and nothing else", async () => {
  for (const password of ['first', 'second']) {
    const url = await provideDatabase(postgres.url, 'shop', password)
    await query(url, 'CREATE TABLE IF NOT EXISTS basket (product text)')
    await assert.rejects(query(url, 'CREATE ROLE thief'), /permission denied/)
  }
})

test('committed data survives a fast and an immediate restart, on the same port', async () => {
  await query(postgres.url, 'CREATE TABLE kept (word text)')
  for (const mode of ['fast', 'immediate'] as const) {
    await query(postgres.url, 'INSERT INTO kept VALUES ($1)', [mode])
    await postgres.restart(mode)
  }
  assert.deepEqual(await query(postgres.url, 'SELECT word FROM kept'), [{ word: 'fast' }, { word: 'immediate' }])
})

test('a server that a killed process left running is ended, and its data taken over', async () => {
  await postgres.stop()
  const starting = `
    import { startPostgres } from ${JSON.stringify(new URL('./postgres.ts', import.meta.url).href)}
    const postgres = await startPostgres({ folder: ${JSON.stringify(folder)}, durable: false })
    console.log('pid ' + postgres.pid); setInterval(() => {}, 1000)`
  const args = ['--input-type=module', '-e', starting]
  const owner = launch({ command: process.execPath, args, log: join(folder, 'owner.log') })
  const left = identify(Number((await waitForLine(owner, /pid (\d+)/))[1]))
  await owner.end({ signal: 'SIGKILL' })
  assert.ok(left !== undefined && isAlive(left))
  postgres = await startPostgres({ folder, durable: false })
  assert.ok(postgres.tookOver && !isAlive(left))
  assert.equal((await query(postgres.url, 'SELECT word FROM kept')).length, 2)
})

test('a lock file whose pid belongs to another program is ignored, and that program stays alive', async () => {
  await postgres.stop()
  const stranger = launch({ command: 'sleep', args: ['60'], log: join(folder, 'stranger.log') })
  const lines = [stranger.identity.pid, join(folder, 'data'), '1', '1', '', '', '']
  await writeFile(join(folder, 'data', 'postmaster.pid'), lines.join('\n'))
  postgres = await startPostgres({ folder, durable: false })
  assert.ok(stranger.running())
  assert.equal(postgres.tookOver, false)
  await stranger.end()
})

test('a folder of another major version is refused with a clear message', async () => {
  const file = join(folder, 'data', 'PG_VERSION')
  const version = readFileSync(file, 'utf8')
  await writeFile(file, '9\n')
  await assert.rejects(startPostgres({ folder, durable: false }), /was made by Postgres 9/)
  await writeFile(file, version)
  await postgres.start()
})

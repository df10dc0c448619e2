import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { identify, isAlive } from './identity.ts'
import { launch, runToEnd, StartError, stopProcess, waitForLine } from './processes.ts'
import { waitFor } from './wait-for.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'processes-'))
})
after(async () => await rm(folder, { recursive: true }))

const node = (script: string) => ({ command: process.execPath, args: ['-e', script], log: join(folder, 'child.log') })
const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`

test('a child that ignores SIGTERM is killed after the timeout, and its children with it', async () => {
  const parent = `
    ${stubborn}
    const { spawn } = require('node:child_process')
    const child = spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'ignore' })
    console.log('child ' + child.pid)`
  const child = launch(node(parent))
  const grandchild = identify(Number((await waitForLine(child, /child (\d+)/))[1]))
  assert.ok(grandchild)
  const { signal } = await child.end({ timeoutMs: 100 })
  assert.equal(signal, 'SIGKILL')
  await waitFor('the grandchild to be gone', 2_000, () => !isAlive(grandchild))
})

test('a process with a reused pid is left alone', async () => {
  const stranger = launch(node(stubborn))
  const { pid } = stranger.identity
  await stopProcess({ pid, started: 'long ago' }, 'SIGKILL', 0)
  assert.ok(isAlive(stranger.identity))
  assert.ok(!isAlive({ pid, started: 'long ago' }))
  await stranger.end({ signal: 'SIGKILL' })
  assert.equal(identify(pid), undefined)
})

test('no child survives its parent', async () => {
  const script = join(folder, 'careless.ts')
  const log = JSON.stringify(join(folder, 'orphan.log'))
  const launching = `launch({ command: process.execPath, args: ['-e', ${JSON.stringify(stubborn)}], log: ${log} })`
  const address = JSON.stringify(new URL('./processes.ts', import.meta.url).href)
  const lines = [`import { launch } from ${address}`, `console.log('child ' + ${launching}.identity.pid)`]
  for (const end of ['process.exit(1)', 'throw new Error()', 'setInterval(() => {}, 1000)']) {
    await writeFile(script, [...lines, end].join('\n'))
    const careless = launch({ command: process.execPath, args: [script], log: join(folder, 'careless.log') })
    const orphan = identify(Number((await waitForLine(careless, /child (\d+)/))[1]))
    careless.signal('SIGTERM')
    await careless.exited
    await waitFor(`what was started before ${end} to be gone`, 2_000, () => orphan === undefined || !isAlive(orphan))
  }
})

test('a failed program is reported with its exit code and last lines', async () => {
  const failing = node(`console.error('no such table'); process.exit(78)`)
  await assert.rejects(runToEnd('migrate', failing), (fault) => {
    assert.ok(fault instanceof StartError)
    assert.equal(fault.exitCode, 78)
    assert.match(fault.message, /migrate failed.*78.*\nno such table/)
    return true
  })
})

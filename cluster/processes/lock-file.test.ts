import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, test } from 'node:test'
import { writeJson } from '../json-file.ts'
import { AlreadyRunning, acquireLock, lockOwner, releaseLock } from './lock-file.ts'
import { type Child, launch, waitForLine } from './processes.ts'
import { waitFor } from './wait-for.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'tenure-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

test('a folder has one owner at a time', async () => {
  acquireLock(folder)
  assert.equal(lockOwner(folder)?.pid, process.pid)
  assert.throws(() => acquireLock(folder), AlreadyRunning)
  releaseLock(folder)
  assert.equal(lockOwner(folder), undefined)
  assert.deepEqual(await readdir(folder), [])
})

test("of several processes that find a dead owner's lock, one gets it", async () => {
  writeJson(join(folder, 'lock.json'), { pid: process.pid, started: 'before this one', since: 'long ago' })
  const children = Array.from({ length: 4 }, (_, index) => contender(index))
  const lines = await Promise.all(children.map(async (child) => (await waitForLine(child, /(taken|occupied)/))[1]))
  assert.deepEqual(lines.sort(), ['occupied', 'occupied', 'occupied', 'taken'])
  await Promise.all(children.map((child) => child.end()))
  await waitFor('the holder to be gone', 1_000, () => lockOwner(folder) === undefined)
})

function contender(index: number): Child {
  const script = `
    import { acquireLock } from ${JSON.stringify(new URL('./lock-file.ts', import.meta.url).href)}
    try { acquireLock(${JSON.stringify(folder)}); console.log('taken') } catch { console.log('occupied') }
    setInterval(() => {}, 1000)`
  const args = ['--input-type=module', '-e', script]
  return launch({ command: process.execPath, args, log: join(folder, `${index}.log`) })
}

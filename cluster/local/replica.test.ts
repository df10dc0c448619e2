import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { freePort } from '../processes/ports.ts'
import { StartError } from '../processes/processes.ts'
import { LocalReplica } from './replica.ts'
import { ReplicaSet } from './replica-set.ts'

/** What the watcher sees of a replica. */
const program = `
  import { createServer } from 'node:http'
  if (process.env.FAULT) { console.error('SESSION_SECRET is too short'); process.exit(78) }
  const server = createServer((request, response) => {
    response.statusCode = process.env.REASON ? 503 : 200
    response.end(JSON.stringify({ reason: process.env.REASON }))
  }).listen(Number(process.env.PORT), '127.0.0.1')
  process.on('SIGTERM', () => server.close())`

let folder = ''
let settings: Record<string, string> = {}
let lines: string[] = []
let replicas: LocalReplica[] = []

before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'replica-'))
  await writeFile(join(folder, 'server.mjs'), program)
})
after(async () => await rm(folder, { recursive: true }))
beforeEach(async () => {
  settings = {}
  lines = []
  replicas = [await replica('app-1'), await replica('app-2')]
})
afterEach(async () => {
  for (const replica of replicas) await replica.stop()
})

test('a dead replica is restarted after a pause that doubles', async () => {
  const [first] = replicas
  assert.ok(first)
  await first.start()
  const previous = first.pid
  await first.kill()
  await first.kill()
  assert.notEqual(first.pid, previous)
  const pauses = lines.map((line) => line.match(/again in (\S+) s/)?.[1]).filter(Boolean)
  assert.deepEqual(pauses, ['0.25', '0.5'])
})

test('a stopped replica stays stopped', async () => {
  const [first] = replicas
  await first?.start()
  await first?.stop()
  assert.equal(first?.readyAt, undefined)
  assert.deepEqual(lines, [])
})

test('a replica that refuses its settings is reported with its exit code and its output', async () => {
  settings = { FAULT: 'yes' }
  await assert.rejects(
    async () => await replicas[0]?.start(),
    (fault) =>
      fault instanceof StartError && fault.exitCode === 78 && fault.message.includes('SESSION_SECRET is too short'),
  )
})

test('a rolling restart replaces one replica after the other, with a pause', async () => {
  const replicaSet = await setOfTwo(300)
  await replicaSet.start()
  const previous = replicas.map(({ pid }) => pid)
  await replicaSet.roll()
  for (const [index, { pid }] of replicas.entries()) assert.notEqual(pid, previous[index])
  assert.deepEqual(lines, ['app-1 drains', 'app-1 is ready', 'app-2 drains', 'app-2 is ready'])
  const [first, second] = replicas.map(({ readyAt = 0 }) => readyAt)
  assert.ok(first && second && second - first >= 300)
})

test('a rolling restart stops where one replica does not become ready, and the others stay', async () => {
  const replicaSet = await setOfTwo(0)
  await replicaSet.start()
  const second = replicas[1]?.pid
  settings = { FAULT: 'yes' }
  await assert.rejects(replicaSet.roll(), /app-1 ended at once \(exit 78\)/)
  assert.equal(replicas[1]?.pid, second)
  assert.notEqual(replicas[1]?.readyAt, undefined)
})

async function setOfTwo(pause: number): Promise<ReplicaSet> {
  const replicaSet = new ReplicaSet(
    async (name) => replicas.find((one) => one.name === name) ?? (await replica(name)),
    pause,
  )
  await replicaSet.grow(2)
  return replicaSet
}

async function replica(name: string): Promise<LocalReplica> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  return new LocalReplica({
    ...{ name, port, metricsPort },
    command: [process.execPath, join(folder, 'server.mjs')],
    cwd: folder,
    log: join(folder, `${name}.log`),
    environment: () => ({ ...process.env, PORT: String(port), ...settings }),
    onProgress: (line) => lines.push(line),
    onChange: () => undefined,
  })
}

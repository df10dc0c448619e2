import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getOnce } from '../../test-support/http-client.ts'
import type { ClusterFile } from '../cluster-file.ts'
import { type Identity, identify, isAlive } from '../processes/identity.ts'
import { type Child, launch } from '../processes/processes.ts'
import { waitFor } from '../processes/wait-for.ts'
import { repository } from '../replica-environment.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'up-'))
})
after(async () => {
  await run('stop').exited
  await rm(folder, { recursive: true })
})

test('a running cluster has a cluster.json that only its owner can read', async () => {
  const up = await start()
  assert.equal(statSync(join(folder, 'cluster.json')).mode & 0o777, 0o600)
  const { pid, url, nginx, replicas } = description()
  assert.equal(pid, up.identity.pid)
  assert.ok(nginx.pid > 0)
  for (const { name, url: direct } of replicas) assert.equal(await answererAt(direct), name)
  const served = new Set<string | undefined>()
  for (let count = 0; count < 4; count++) served.add(await answererAt(url))
  assert.deepEqual([...served].sort(), ['app-1', 'app-2'])
})

test('a second up in the same folder says that one runs, and exits', async () => {
  const second = run('up')
  assert.equal((await second.exited).code, 1)
  assert.ok(second.output().includes(description().url))
})

test('a killed replica is restarted, and cluster.json is updated', async () => {
  const [victim] = description().replicas
  assert.ok(victim)
  process.kill(victim.pid, 'SIGKILL')
  const heir = await waitFor('another process', 20_000, () => {
    const { pid } = description().replicas[0] ?? victim
    return pid !== victim.pid && pid
  })
  await waitFor('it to answer', 20_000, () => answererAt(victim.url))
  assert.notEqual(heir, victim.pid)
})

test('nginx and Postgres are restarted, too, when they die', async () => {
  const { nginx, Postgres } = processes()
  assert.ok(nginx && Postgres)
  process.kill(nginx.pid, 'SIGKILL')
  process.kill(Postgres.pid, 'SIGKILL')
  await waitFor('others in their place', 20_000, () => {
    const now = processes()
    return now.nginx && now.Postgres && now.nginx.pid !== nginx.pid && now.Postgres.pid !== Postgres.pid
  })
  await waitFor('an answer', 5_000, () => answererAt(description().url))
  assert.equal(description().nginx.pid, processes().nginx?.pid)
})

test('the next up takes over what a killed one left running, its Postgres too', async () => {
  const left = processes()
  assert.deepEqual(Object.keys(left).sort(), ['Postgres', 'app-1', 'app-2', 'nginx'])
  process.kill(description().pid, 'SIGKILL')
  const up = await start()
  assert.deepEqual(Object.values(left).filter(isAlive), [])
  assert.match(up.output(), /Ended what a killed run had left here: .*Postgres/)
})

test('Ctrl-C, which npm forwards twice, drains and leaves nothing but the data', async () => {
  const running = processes()
  const { pid } = description()
  const owner = identify(pid)
  process.kill(pid, 'SIGINT')
  await sleep(5)
  process.kill(pid, 'SIGINT')
  await waitFor('all to be gone', 30_000, () => ![owner, ...Object.values(running)].some((one) => one && isAlive(one)))
  assert.ok(!existsSync(join(folder, 'lock.json')))
  assert.match(readFileSync(join(folder, 'up.log'), 'utf8'), /Draining[\s\S]*Stopped in/)
  assert.ok(!existsSync(join(folder, 'cluster.json')))
})

test('stop ends what a killed up left running, and a second stop has nothing to do', async () => {
  await start()
  const left = processes()
  process.kill(description().pid, 'SIGKILL')
  const stop = run('stop')
  assert.equal((await stop.exited).code, 0)
  assert.match(stop.output(), /Ended what a killed run had left: .*Postgres/)
  assert.deepEqual(Object.values(left).filter(isAlive), [])
  const again = run('stop')
  assert.equal((await again.exited).code, 0)
  assert.match(again.output(), /Nothing ran/)
})

function run(command: 'up' | 'stop'): Child {
  const flags = command === 'up' ? ['--replicas', '2', '--port', '0'] : []
  const args = [join(repository, `cluster/commands/${command}.ts`), ...flags, '--data', folder]
  // The test must use the cluster's own database.
  const env = { ...process.env, DATABASE_URL: '' }
  return launch({ command: process.execPath, args, env, log: join(folder, `${command}.log`), killSignal: 'SIGTERM' })
}

async function start(): Promise<Child> {
  const up = run('up')
  await waitFor('up to be ready', 60_000, () => {
    assert.ok(up.running(), up.output())
    return up.output().includes('Ctrl-C drains')
  })
  return up
}

/** The replica that answers; undefined: none does. A connection of its own delays no drain. */
async function answererAt(url: string): Promise<string | undefined> {
  const response = await getOnce(url).catch(() => undefined)
  return response?.headers['x-served-by']?.toString()
}

function description(): ClusterFile {
  return JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as ClusterFile
}

function processes(): Record<string, Identity> {
  return JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as Record<string, Identity>
}

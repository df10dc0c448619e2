import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { docker, inspect } from '../../cluster/docker/docker.ts'
import { waitFor } from '../../cluster/processes/wait-for.ts'
import { wholeFile } from './support/cleanup.ts'
import { createDockerNetwork, TIMEOUT_MS } from './support/docker-network.ts'
import { expectReady, type Stack, startStack } from './support/stack.ts'

let site: Stack
const file = wholeFile()
before(async () => {
  site = await startStack(await createDockerNetwork(file))
})

test('one image migrates, counts sessions and lists accounts, without a writable path', async () => {
  const migrated = await site.command('migrate')
  assert.equal(migrated.code, 0, migrated.output)
  assert.match(migrated.output, /^migrated 0001_session$/m)
  assert.match((await site.command('sessions', 'count')).output, /^live 0$/m)
  assert.deepEqual(await site.command('account', 'list'), { code: 0, output: 'there are no accounts yet\n' })
})

test('a replica is soon ready and healthy, without root, capabilities or a disk', async (t) => {
  const replica = await site.run()
  await expectReady(replica)
  await waitFor('Docker to call it healthy', TIMEOUT_MS, async () => {
    return (await inspect(replica.name, '.State.Health.Status')) === 'healthy'
  })
  const ready = (await replica.logs()).split('\n').find((line) => line.includes('"replica ready"')) ?? ''
  const { time, sinceStart } = JSON.parse(ready) as { time: string; sinceStart: number }
  const started = Date.parse(await inspect(replica.name, '.State.StartedAt'))
  t.diagnostic(
    `ready ${Date.parse(time) - started} ms after the container's start, ${sinceStart} ms after the process'`,
  )
  const status = await docker(['exec', replica.name, 'cat', '/proc/1/status'])
  assert.match(status, /^Name:\s+(node|(node-)?MainThread)$/m)
  assert.match(status, /^Uid:\s+1000\s+1000/m)
  assert.match(status, /^CapBnd:\s+0+$/m)
  await assert.rejects(docker(['exec', replica.name, 'touch', '/app/x', '/tmp/x']), /Read-only file system/)
})

test('SIGTERM reaches the replica, which drains and exits with 0', async () => {
  const replica = await site.run({ env: { DRAIN_DELAY: '250ms' } })
  await expectReady(replica)
  await docker(['stop', '--time', '60', replica.name])
  assert.equal(await replica.ended(), 0)
  const events = (await replica.logs()).match(/(?<="msg":")(drain begun|replica stopped)/g)
  assert.deepEqual(events, ['drain begun', 'replica stopped'])
})

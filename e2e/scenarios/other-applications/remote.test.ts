import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import type { ClusterFile } from '../../../cluster/cluster-file.ts'
import { type Child, launch } from '../../../cluster/processes/processes.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { repository } from '../../../cluster/replica-environment.ts'
import { skipUnlessLocal } from '../../support/fixture.ts'

const PROGRAMS = { up: 'cluster/commands/up.ts', suite: 'e2e/runner/e2e.ts' } as const

describe('a cluster that `npm run up` has started', { skip: skipUnlessLocal() }, () => {
  let folder = ''
  let up: Child
  before(async () => {
    folder = await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-remote-'))
    up = run('up', ['--replicas', '3', '--port', '0', '--data', join(folder, 'data')])
    await waitFor('up to be ready', 60_000, () => {
      assert.ok(up.running(), up.output())
      return up.output().includes('Ctrl-C drains')
    })
  })
  after(async () => {
    await up.end({ timeoutMs: 45_000 })
    await rm(folder, { recursive: true, force: true })
  })

  test('With its address alone, the suite reports the promises that hold and what the others need', async () => {
    const suite = run('suite', ['--target', (await clusterFile()).url, ...files('sign-out', 'rolling', 'scale')])
    assert.equal((await suite.exited).code, 0, suite.output())
    const table = tableOf(suite)
    assert.match(table, /sign-out +2 passed, 1 not run/)
    assert.match(table, /rolling +3 not run/)
    assert.match(table, /it needs --restart COMMAND:\s+rolling: /)
    assert.match(table, /it needs --scale COMMAND:\s+scale: /)
  })

  test('With a restart command, the suite runs the rolling restarts too', async () => {
    const previous = (await clusterFile()).replicas.map(({ pid }) => pid)
    const restart = `exec npm run roll -- --data '${join(folder, 'data')}'`
    const url = (await clusterFile()).url
    const suite = run('suite', ['--target', url, '--restart', restart, ...files('rolling')])
    assert.equal((await suite.exited).code, 0, suite.output())
    assert.match(tableOf(suite), /rolling +1 passed, 2 not run/)
    const kept = (await clusterFile()).replicas.filter(({ pid }) => previous.includes(pid))
    assert.deepEqual(kept, [], 'every replica is another process')
  })

  test('The suite reports a restart that loses requests', async () => {
    const { url, replicas } = await clusterFile()
    // Kills all replicas at once.
    const restart = `kill -9 ${replicas.map(({ pid }) => pid).join(' ')}`
    const suite = run('suite', ['--target', url, '--restart', restart, ...files('rolling')])
    assert.equal((await suite.exited).code, 1, suite.output())
    assert.match(tableOf(suite), /rolling +1 failed, 2 not run/)
  })

  function run(command: keyof typeof PROGRAMS, args: readonly string[]): Child {
    const script = [join(repository, PROGRAMS[command]), ...args]
    // With NODE_TEST_CONTEXT a runner runs no tests; E2E_REPLICAS is the size of other clusters.
    const { NODE_TEST_CONTEXT: _, E2E_REPLICAS: __, ...own } = process.env
    const env = { ...own, DATABASE_URL: '' }
    const log = join(folder, `${command}.log`)
    return launch({ command: process.execPath, args: script, env, cwd: repository, log, killSignal: 'SIGTERM' })
  }

  async function clusterFile(): Promise<ClusterFile> {
    return JSON.parse(await readFile(join(folder, 'data', 'cluster.json'), 'utf8')) as ClusterFile
  }
})

function files(...scenarios: readonly string[]): string[] {
  return scenarios.map((scenario) => `e2e/scenarios/*/${scenario}.test.ts`)
}

function tableOf(suite: Child): string {
  return suite.output().split('== scenarios by target')[1] ?? ''
}

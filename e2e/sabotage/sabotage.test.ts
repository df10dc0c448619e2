import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { repository } from '../../cluster/replica-environment.ts'
import { sabotages } from './list.ts'

for (const { name, killedBy } of sabotages.filter(({ quick }) => quick)) {
  test(`The scenario \`${killedBy.scenario}\` fails with the sabotage "${name}"`, async () => {
    const { code, output } = await sabotage('--only', name, '--dry')
    assert.equal(code, 0, output)
  })
}

/** Runs the command without NODE_TEST_CONTEXT, with which the runner would not run other tests. */
async function sabotage(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const command = ['--import', './src/runtime/pinned-node.js', join('e2e', 'sabotage', 'sabotage.ts'), ...args]
  const child = spawn(process.execPath, command, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

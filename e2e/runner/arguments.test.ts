import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../cluster/commands/arguments.ts'
import { readE2eOptions } from './arguments.ts'

test('without options every scenario runs on the local cluster', () => {
  const { targets, files, environment } = readE2eOptions([])
  assert.deepEqual({ targets, environment }, { targets: ['local'], environment: {} })
  assert.ok(files.includes('e2e/scenarios/known-everywhere/honoured.test.ts'))
})

test('several targets and their options are passed on', () => {
  const { targets, files, environment } = readE2eOptions([
    ...['--target', 'compose', '--target', 'http://127.0.0.1:8080'],
    ...[
      '--replicas',
      '5',
      '--restart',
      'npm run roll',
      '--scale',
      'scale $REPLICAS',
      'e2e/scenarios/sign-out-is-final/sign-out.test.ts',
    ],
  ])
  assert.deepEqual(targets, ['compose', 'http://127.0.0.1:8080'])
  assert.deepEqual(files, ['e2e/scenarios/sign-out-is-final/sign-out.test.ts'])
  const expected = { E2E_REPLICAS: '5', E2E_RESTART: 'npm run roll', E2E_SCALE: 'scale $REPLICAS' }
  assert.deepEqual(environment, expected)
})

const wrong = [
  ['--target', 'kubernetes'],
  ['--target', 'ftp://here'],
  ['--replicas', '0'],
  ['--replicas', 'many'],
  ['--colour', 'red'],
  ['e2e/scenarios/no-such.test.ts'],
]

for (const args of wrong) {
  test(`"${args.join(' ')}" is a usage error`, () => {
    assert.throws(
      () => readE2eOptions(args),
      (fault) => fault instanceof UsageError && fault.exitCode === 64,
    )
  })
}

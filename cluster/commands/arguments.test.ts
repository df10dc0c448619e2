import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readUpOptions, UsageError } from './arguments.ts'

test('without options there are three replicas behind port 8080', () => {
  const { replicas, port, data, watch } = readUpOptions([])
  assert.deepEqual({ replicas, port, watch }, { replicas: 3, port: 8080, watch: false })
  assert.match(data, /\/\.data$/)
})

test('options set replicas, port and folder', () => {
  const { replicas, port, data } = readUpOptions(['--replicas', '5', '--port=0', '--data', '/tmp/five'])
  assert.deepEqual({ replicas, port, data }, { replicas: 5, port: 0, data: '/tmp/five' })
})

const wrong = [
  ['--replicas', '0'],
  ['--replicas', '21'],
  ['--replicas', 'many'],
  ['--replicas', '-1'],
  ['--replicas', ''],
  ['--port', '65536'],
  ['--port', '80a'],
  ['--port', '1.5'],
  ['--data', ''],
  ['--data'],
  ['--colour', 'red'],
  ['five'],
]

for (const args of wrong) {
  test(`"${args.join(' ')}" is a usage error`, () => {
    assert.throws(
      () => readUpOptions(args),
      (fault) => fault instanceof UsageError && fault.exitCode === 64,
    )
  })
}

test('help is not an error', () => {
  assert.throws(
    () => readUpOptions(['--help']),
    (fault) => fault instanceof UsageError && fault.exitCode === 0 && fault.message.includes('Example:'),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions, readUpOptions, SWITCH, TEXT, UsageError } from './arguments.ts'

test('Without options, up runs three replicas behind port 8080', () => {
  const { replicas, port, data, watch } = readUpOptions([])
  assert.deepEqual({ replicas, port, watch }, { replicas: 3, port: 8080, watch: false })
  assert.match(data, /\/\.data$/)
})

test('Options set the number of replicas, the port and the folder', () => {
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
      (error) => error instanceof UsageError && error.exitCode === 64,
    )
  })
}

test('--help is no error', () => {
  assert.throws(
    () => readUpOptions(['--help']),
    (error) => error instanceof UsageError && error.exitCode === 0 && error.message.includes('Example:'),
  )
})

test('parseOptions returns typed options and positionals, and refuses what the specification does not name', () => {
  const options = { only: TEXT, dry: SWITCH }
  const { values, positionals } = parseOptions(['a', '--only', 'b', 'c'], 'help', { options, allowPositionals: true })
  assert.deepEqual([{ ...values }, positionals], [{ only: 'b', dry: false, help: false }, ['a', 'c']])
  assert.throws(() => parseOptions(['--wet'], 'the help', { options }), /Unknown option '--wet'\n\nthe help$/)
})

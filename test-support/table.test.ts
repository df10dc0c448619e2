import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alignColumns } from './table.ts'

test('a table aligns names to the left and figures to the right', () => {
  const rows = [
    ['', 'rate', 'share'],
    ['a store', '12,345', '5 %'],
  ]
  assert.deepEqual(alignColumns(rows), ['           rate  share', 'a store  12,345    5 %'])
})

test('a table of names ends no line with spaces, and takes rows of different lengths', () => {
  assert.deepEqual(alignColumns([['scenario', 'outcome'], ['drain', 'passed'], ['x']], 2), [
    'scenario  outcome',
    'drain     passed',
    'x',
  ])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sabotages } from './list.ts'
import { withResults } from './readme.ts'

const TABLE = `| | promise | scenario | catches | sabotage, last seen red |
| --- | --- | --- | --- | --- |
| G1 | first | \`one\` | x | |
| G2 | other | \`two\` (in part) | y | old (2020-01-01) |`

const resultOf = (name: string, scenario: string, isCaught = true) => {
  const [first] = sabotages
  assert.ok(first)
  return { sabotage: { name, killedBy: { ...first.killedBy, scenario } }, isCaught, milliseconds: 1, failure: '' }
}

test('The table dates each scenario that failed, and keeps the other rows', () => {
  const text = withResults(TABLE, [resultOf('new', 'two'), resultOf('missed', 'one', false)], '2026-01-31')
  assert.match(text, /\| G1 .* x \| \|/)
  assert.match(text, /\| G2 .* \| new \(2026-01-31\); old \(2020-01-01\) \|$/)
  const later = withResults(text, [resultOf('old', 'two')], '2026-02-01')
  assert.match(later, /\| new \(2026-01-31\); old \(2026-02-01\) \|$/)
})

test('A scenario without a row in the table is an error', () => {
  assert.throws(() => withResults(TABLE, [resultOf('new', 'three')], '2026-01-31'), /no row for the scenario `three`/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sabotages } from './list.ts'
import { refreshed } from './readme.ts'

const TABLE = `| | promise | scenario | catches | sabotage, last seen red |
| --- | --- | --- | --- | --- |
| G1 | first | \`one\` | x | |
| G2 | other | \`two\` (in part) | y | old (2020-01-01) |`

const of = (name: string, scenario: string, isCaught = true) => {
  const [first] = sabotages
  assert.ok(first)
  return { sabotage: { name, killedBy: { ...first.killedBy, scenario } }, isCaught, milliseconds: 1, failure: '' }
}

test('each scenario that turned red is dated with its sabotage, others are left as they are', () => {
  const text = refreshed(TABLE, [of('new', 'two'), of('missed', 'one', false)], '2026-01-31')
  assert.match(text, /\| G1 .* x \| \|/)
  assert.match(text, /\| G2 .* \| new \(2026-01-31\); old \(2020-01-01\) \|$/)
  assert.match(refreshed(text, [of('old', 'two')], '2026-02-01'), /\| new \(2026-01-31\); old \(2026-02-01\) \|$/)
})

test('a sabotage whose scenario is not in the table is told', () => {
  assert.throws(() => refreshed(TABLE, [of('new', 'three')], '2026-01-31'), /no row for the scenario `three`/)
})

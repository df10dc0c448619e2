import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from './results.ts'
import { hasFailed, verdictTable } from './results-table.ts'

const passed: Verdict = { scenario: 'rolling', promise: 'nothing is lost', outcome: 'passed' }
const failed: Verdict = { scenario: 'limits', promise: 'they hold', outcome: 'failed' }
const omitted: Verdict = { scenario: 'rolling', promise: 'with nginx', outcome: 'not run', reason: 'there is none' }

test('each scenario has a line, each target a column, and what was not run has its reason', () => {
  const columns = [
    { target: 'local', verdicts: [passed, failed], milliseconds: 1234 },
    { target: 'compose', verdicts: [passed, omitted], milliseconds: 61_000 },
  ]
  assert.equal(
    verdictTable(columns),
    `           local               compose
  limits   1 failed            -
  rolling  1 passed            1 passed, 1 not run
  in all   1 passed, 1 failed  1 passed, 1 not run
  took     1.23 s              61.0 s

  failed on local
    limits: they hold

  not run on compose
    there is none:
      rolling: with nginx`,
  )
})

test('a target has failed where a scenario did, or where none was told of', () => {
  const column = (...verdicts: Verdict[]) => ({ target: 'local', verdicts, milliseconds: 0 })
  assert.deepEqual([column(passed, omitted), column(passed, failed), column()].map(hasFailed), [false, true, true])
})

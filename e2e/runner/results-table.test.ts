import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScenarioResult } from './results.ts'
import { hasFailed, resultsTable } from './results-table.ts'

const passed: ScenarioResult = { scenario: 'rolling', promise: 'nothing is lost', outcome: 'passed' }
const failed: ScenarioResult = { scenario: 'limits', promise: 'they hold', outcome: 'failed' }
const omitted: ScenarioResult = {
  scenario: 'rolling',
  promise: 'with nginx',
  outcome: 'not run',
  reason: 'there is none',
}

test('each scenario has a row, each target a column, and skipped scenarios have reasons', () => {
  const columns = [
    { target: 'local', results: [passed, failed], milliseconds: 1234 },
    { target: 'compose', results: [passed, omitted], milliseconds: 61_000 },
  ]
  assert.equal(
    resultsTable(columns),
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

test('a target fails with a failed scenario, or without any result', () => {
  const column = (...results: ScenarioResult[]) => ({ target: 'local', results, milliseconds: 0 })
  assert.deepEqual([column(passed, omitted), column(passed, failed), column()].map(hasFailed), [false, true, true])
})

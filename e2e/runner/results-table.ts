import { formatSeconds } from '../../cluster/commands/progress.ts'
import { alignColumns } from '../../test-support/table.ts'
import type { ScenarioResult } from './results.ts'

/** The results of one target. */
export interface Column {
  readonly target: string
  readonly results: readonly ScenarioResult[]
  readonly milliseconds: number
}

type Outcome = ScenarioResult['outcome']

/** Scenarios by target, then failures, then skipped scenarios with reasons. */
export function resultsTable(columns: readonly Column[]): string {
  const scenarios = [...new Set(columns.flatMap(({ results }) => results.map(({ scenario }) => scenario)))].sort()
  const rows = [
    ['', ...columns.map(({ target }) => target)],
    ...scenarios.map((scenario) => [scenario, ...columns.map((column) => counted(of(column, scenario)))]),
    ['in all', ...columns.map(({ results }) => counted(results))],
    ['took', ...columns.map(({ milliseconds }) => formatSeconds(milliseconds))],
  ]
  const table = alignColumns(rows, Number.POSITIVE_INFINITY).map((line) => `  ${line}`.trimEnd())
  return [...table, ...columns.flatMap(failures), ...columns.flatMap(omissions)].join('\n')
}

export function hasFailed({ results }: Column): boolean {
  // No result is a failure.
  return results.length === 0 || results.some(({ outcome }) => outcome === 'failed')
}

function of({ results }: Column, name: string): readonly ScenarioResult[] {
  return results.filter(({ scenario }) => scenario === name)
}

function counted(results: readonly ScenarioResult[]): string {
  const outcomes: readonly Outcome[] = ['passed', 'failed', 'not run']
  const counts = outcomes.map((outcome) => [outcome, results.filter((one) => one.outcome === outcome).length] as const)
  const parts = counts.filter(([, count]) => count > 0).map(([outcome, count]) => `${count} ${outcome}`)
  return parts.length === 0 ? '-' : parts.join(', ')
}

function failures({ target, results }: Column): string[] {
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  return section(
    `failed on ${target}`,
    failed.map(({ scenario, promise }) => `${scenario}: ${promise}`),
  )
}

/** Grouped by reason. */
function omissions({ target, results }: Column): string[] {
  const reasons = Map.groupBy(
    results.filter(({ outcome }) => outcome === 'not run'),
    ({ reason }) => reason ?? '',
  )
  const lines = [...reasons].flatMap(([reason, omitted]) => [
    `${reason}:`,
    ...omitted.map(({ scenario, promise }) => `  ${scenario}: ${promise}`),
  ])
  return section(`not run on ${target}`, lines)
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `  ${title}`, ...lines.map((line) => `    ${line}`)]
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../cluster/replica-environment.ts'
import type { SabotageResult } from './run-sabotage.ts'

const FILE = join(repository, 'e2e', 'README.md')
const HEADING = 'last seen red'

/** Writes into the table of e2e/README.md which sabotage turned which scenario red, and when. */
export function updateReadme(results: readonly SabotageResult[], today = new Date()): void {
  const text = readFileSync(FILE, 'utf8')
  const updated = withResults(text, results, today.toISOString().slice(0, 10))
  if (updated !== text) writeFileSync(FILE, updated)
}

/** The text with these results in the table's last column; throws where a scenario has no row. */
export function withResults(text: string, results: readonly SabotageResult[], day: string): string {
  const lines = text.split('\n')
  const heading = lines.findIndex((line) => line.includes(HEADING) && line.startsWith('|'))
  if (heading < 0) throw new Error(`e2e/README.md has no table with a column '${HEADING}'`)
  for (const { sabotage, isCaught } of results) {
    const { scenario } = sabotage.killedBy
    const row = lines.findLastIndex((line, index) => index > heading && scenarioOf(line) === scenario)
    if (row < 0) throw new Error(`e2e/README.md has no row for the scenario \`${scenario}\``)
    if (isCaught) lines[row] = withEntry(lines[row] ?? '', sabotage.name, day)
  }
  return lines.join('\n')
}

function scenarioOf(line: string): string | undefined {
  return /^`([\w-]+)`/.exec(cellsOf(line)[2]?.trim() ?? '')?.[1]
}

/** `sessions in memory (2026-01-31); a secret per replica (2026-01-31)` */
function withEntry(line: string, name: string, day: string): string {
  const cells = cellsOf(line)
  const entries = (cells.at(-1) ?? '').split('; ').map((entry) => entry.trim())
  const others = entries.filter((entry) => entry !== '' && !entry.startsWith(`${name} (`))
  return `|${[...cells.slice(0, -1), ` ${[...others, `${name} (${day})`].sort().join('; ')} `].join('|')}|`
}

function cellsOf(line: string): string[] {
  return line.split('|').slice(1, -1)
}

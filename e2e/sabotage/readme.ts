import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repository } from '../../cluster/replica-environment.ts'
import type { SabotageResult } from './trial.ts'

const FILE = join(repository, 'e2e', 'README.md')
const HEADING = 'last seen red'

/** Writes into the table of e2e/README.md which sabotage turned which scenario red, and when. */
export function noteInReadme(outcomes: readonly SabotageResult[], today = new Date()): void {
  const text = readFileSync(FILE, 'utf8')
  const next = refreshed(text, outcomes, today.toISOString().slice(0, 10))
  if (next !== text) writeFileSync(FILE, next)
}

/** The text with the last column of its table brought up to date; throws where a catcher has no row. */
export function refreshed(text: string, outcomes: readonly SabotageResult[], day: string): string {
  const lines = text.split('\n')
  const heading = lines.findIndex((line) => line.includes(HEADING) && line.startsWith('|'))
  if (heading < 0) throw new Error(`e2e/README.md has no table with a column '${HEADING}'`)
  for (const { sabotage, isCaught } of outcomes) {
    const { scenario } = sabotage.killedBy
    const at = lines.findLastIndex((line, index) => index > heading && scenarioOf(line) === scenario)
    if (at < 0) throw new Error(`e2e/README.md has no row for the scenario \`${scenario}\``)
    if (isCaught) lines[at] = noted(lines[at] ?? '', sabotage.name, day)
  }
  return lines.join('\n')
}

function scenarioOf(line: string): string | undefined {
  return /^`([\w-]+)`/.exec(cellsOf(line)[2]?.trim() ?? '')?.[1]
}

/** `sessions in memory (2026-01-31); a secret per replica (2026-01-31)` */
function noted(line: string, name: string, day: string): string {
  const cells = cellsOf(line)
  const last = cells.length - 1
  const others = (cells[last] ?? '')
    .split('; ')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith(`${name} (`))
  cells[last] = ` ${[...others, `${name} (${day})`].sort().join('; ')} `
  return `|${cells.join('|')}|`
}

function cellsOf(line: string): string[] {
  return line.split('|').slice(1, -1)
}

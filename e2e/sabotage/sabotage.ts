import { globSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parseOptions, SWITCH, TEXT, UsageError } from '../../cluster/commands/arguments.ts'
import { runCommand } from '../../cluster/commands/command.ts'
import { formatSeconds } from '../../cluster/commands/progress.ts'
import { killOrphansIn } from '../../cluster/processes/orphans.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import { repository } from '../../cluster/replica-environment.ts'
import { type Sabotage, sabotages } from './list.ts'
import { updateReadme } from './readme.ts'
import { runSabotage, type SabotageResult } from './run-sabotage.ts'

const help = `npm run e2e:sabotage -- [--only TEXT] [--dry]

Breaks the cluster in one way at a time, and shows which scenario notices.

  --only TEXT   only the sabotages whose name contains this text
  --dry         keep the table in e2e/README.md as it is

Example: npm run e2e:sabotage -- --only 'sessions in memory'`

await runCommand(async () => {
  const { values: flags } = parseOptions(process.argv.slice(2), help, { options: { only: TEXT, dry: SWITCH } })
  const chosen = choose(flags.only)
  const stopping = new AbortController()
  void onShutdownSignal().then(() => stopping.abort())
  const results: SabotageResult[] = []
  for (const sabotage of chosen) {
    if (stopping.signal.aborted) return 130
    results.push(await runAndPrint(sabotage, stopping.signal))
  }
  if (!flags.dry) updateReadme(results)
  return summarize(results)
})

function choose(only: string | undefined): readonly Sabotage[] {
  const chosen = sabotages.filter(({ name }) => only === undefined || name.includes(only))
  if (chosen.length > 0) return chosen
  throw new UsageError(
    `There is no sabotage '${only}'. There are:\n${sabotages.map(({ name }) => `  ${name}`).join('\n')}`,
  )
}

async function runAndPrint(sabotage: Sabotage, signal: AbortSignal): Promise<SabotageResult> {
  const result = await inFolder(sabotage, (folder) => runSabotage(sabotage, folder, signal))
  const { isCaught, milliseconds, failure } = result
  const columns = [sabotage.name.padEnd(36), (isCaught ? sabotage.killedBy.scenario : 'NOT CAUGHT').padEnd(12)]
  console.log(`${columns.join('  ')}  ${formatSeconds(milliseconds).padStart(7)}  ${failure.slice(0, 140)}`)
  return result
}

/** Runs `work` with a folder for clusters, and removes the artifacts of the expected failure. */
async function inFolder(
  { killedBy: { promise } }: Sabotage,
  work: (folder: string) => Promise<SabotageResult>,
): Promise<SabotageResult> {
  const folder = await mkdtemp(join(tmpdir(), 'roundhouse-sabotage-'))
  const before = artifactsOf(promise)
  try {
    return await work(folder)
  } finally {
    for (const entry of readdirSync(folder)) await killOrphansIn(join(folder, entry))
    const expected = artifactsOf(promise).filter((entry) => !before.includes(entry))
    for (const path of [folder, ...expected]) await rm(path, { recursive: true, force: true })
  }
}

function artifactsOf(promise: string): readonly string[] {
  const files = globSync(join(repository, '.data', 'evidence', '*', 'failure.txt'))
  return files.filter((file) => readFileSync(file, 'utf8').split('\n')[0]?.endsWith(promise)).map(dirname)
}

function summarize(results: readonly SabotageResult[]): number {
  const missed = results.filter(({ isCaught }) => !isCaught)
  console.log(`\n${results.length - missed.length} of ${results.length} caught`)
  for (const { sabotage, failure } of missed) console.log(`  not caught: ${sabotage.name} (${failure})`)
  return missed.length === 0 ? 0 : 1
}

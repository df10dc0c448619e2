import { globSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parse, UsageError } from '../../cluster/commands/arguments.ts'
import { runCommand } from '../../cluster/commands/command.ts'
import { formatSeconds } from '../../cluster/commands/progress.ts'
import { killOrphansIn } from '../../cluster/processes/orphans.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import { repository } from '../../cluster/replica-environment.ts'
import { type Sabotage, sabotages } from './list.ts'
import { noteInReadme } from './readme.ts'
import { runSabotage, type SabotageResult } from './trial.ts'

const help = `npm run e2e:sabotage -- [--only TEXT] [--dry]

Breaks the cluster in one way at a time and shows that the suite notices.

  --only TEXT   only those whose name holds this text
  --dry         leave the table in e2e/README.md as it is

Example: npm run e2e:sabotage -- --only 'sessions in memory'`

await runCommand(async () => {
  const flags = parse(process.argv.slice(2), help, ['only'], ['dry'])
  const chosen = choose(flags.only)
  const asked = new AbortController()
  void onShutdownSignal().then(() => asked.abort())
  const outcomes: SabotageResult[] = []
  for (const sabotage of chosen) {
    if (asked.signal.aborted) return 130
    outcomes.push(await tell(sabotage, asked.signal))
  }
  if (flags.dry === undefined) noteInReadme(outcomes)
  return sum(outcomes)
})

function choose(only: string | undefined): readonly Sabotage[] {
  const chosen = sabotages.filter(({ name }) => only === undefined || name.includes(only))
  if (chosen.length > 0) return chosen
  throw new UsageError(
    `There is no sabotage '${only}'. There are:\n${sabotages.map(({ name }) => `  ${name}`).join('\n')}`,
  )
}

async function tell(sabotage: Sabotage, asked: AbortSignal): Promise<SabotageResult> {
  const outcome = await inFolder(sabotage, (folder) => runSabotage(sabotage, folder, asked))
  const { isCaught, milliseconds, failure: said } = outcome
  const columns = [sabotage.name.padEnd(36), (isCaught ? sabotage.killedBy.scenario : 'NOT CAUGHT').padEnd(12)]
  console.log(`${columns.join('  ')}  ${formatSeconds(milliseconds).padStart(7)}  ${said.slice(0, 140)}`)
  return outcome
}

/** With a folder for clusters, and without the evidence that the failed scenario keeps: this failure was wanted. */
async function inFolder(
  { killedBy: catcher }: Sabotage,
  work: (folder: string) => Promise<SabotageResult>,
): Promise<SabotageResult> {
  const folder = await mkdtemp(join(tmpdir(), 'roundhouse-sabotage-'))
  const before = evidenceOf(catcher.promise)
  try {
    return await work(folder)
  } finally {
    for (const entry of readdirSync(folder)) await killOrphansIn(join(folder, entry))
    const wanted = evidenceOf(catcher.promise).filter((entry) => !before.includes(entry))
    for (const path of [folder, ...wanted]) await rm(path, { recursive: true, force: true })
  }
}

function evidenceOf(promise: string): readonly string[] {
  const files = globSync(join(repository, '.data', 'evidence', '*', 'failure.txt'))
  return files.filter((file) => readFileSync(file, 'utf8').split('\n')[0]?.endsWith(promise)).map(dirname)
}

function sum(outcomes: readonly SabotageResult[]): number {
  const missed = outcomes.filter(({ isCaught }) => !isCaught)
  console.log(`\n${outcomes.length - missed.length} of ${outcomes.length} caught`)
  for (const { sabotage, failure: said } of missed) console.log(`  not caught: ${sabotage.name} (${said})`)
  return missed.length === 0 ? 0 : 1
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { runCommand } from '../../cluster/commands/command.ts'
import { onShutdownSignal } from '../../cluster/processes/signals.ts'
import { type E2eOptions, readE2eOptions } from './arguments.ts'
import { runScenarios } from './results.ts'
import { type Column, hasFailed, resultsTable } from './results-table.ts'
import { targetSetup } from './target-setup.ts'

await runCommand(async () => {
  const flags = readE2eOptions(process.argv.slice(2))
  const asked = new AbortController()
  void onShutdownSignal().then(() => asked.abort())
  const columns: Column[] = []
  for (const target of flags.targets) {
    if (asked.signal.aborted) break
    columns.push(await runOn(target, flags, asked.signal))
  }
  console.log(`\n== scenarios by target\n${resultsTable(columns)}`)
  return asked.signal.aborted ? 130 : columns.some(hasFailed) ? 1 : 0
})

async function runOn(target: string, { files, environment, name }: E2eOptions, asked: AbortSignal): Promise<Column> {
  console.log(`\n== ${target}`)
  const begin = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'roundhouse-e2e-'))
  const deployment = targetSetup(target, folder, environment)
  try {
    const own = await deployment.start(console.log)
    const env = { ...environment, ...own, E2E_TARGET: target, E2E_FOLDER: folder }
    const verdicts = await runScenarios({ files, environment: env, name, signal: asked })
    return { target, results: verdicts, milliseconds: performance.now() - begin }
  } finally {
    await deployment.end()
    await rm(folder, { recursive: true, force: true })
  }
}

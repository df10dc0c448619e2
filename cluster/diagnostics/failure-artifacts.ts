import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { SuiteContext, TestContext } from 'node:test'
import { inspect } from 'node:util'
import type { Cluster } from '../cluster.ts'
import { repository } from '../replica-environment.ts'

/** Files beside the logs, by name (`load.txt`). */
export type ArtifactWriters = Readonly<Record<string, string | (() => string)>>

/**
 * keepEvidence(t, cluster))`: where => For `afterEach`: after a failure keeps the error, all logs
 * and the timeline in one folder, and prints the folder and the command that runs the scenario
 * again.
 */
export async function keepArtifacts(
  test: TestContext | SuiteContext,
  cluster: Cluster | undefined,
  witnesses: ArtifactWriters = {},
): Promise<void> {
  if (!('error' in test) || test.passed) return
  const folder = join(repository, '.data', 'evidence', folderName(test.name))
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeFile(join(folder, 'failure.txt'), `${test.fullName}\n\n${inspect(test.error)}\n`)
  if (cluster !== undefined) await writeFile(join(folder, 'logs.txt'), await cluster.logs())
  for (const [name, witness] of Object.entries(witnesses)) {
    await writeFile(join(folder, name), typeof witness === 'string' ? witness : witness())
  }
  console.error(`\nEvidence: ${relative(repository, folder)}\nOnce more: ${commandFor(test)}\n`)
}

function folderName(scenario: string): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '')
  const slug = scenario.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return `${time}-${slug.slice(0, 60)}`
}

function commandFor(test: TestContext): string {
  const replicas = process.env.E2E_REPLICAS ? `E2E_REPLICAS=${process.env.E2E_REPLICAS} ` : ''
  const name = `'${test.name.replaceAll("'", "'\\''")}'`
  return `${replicas}npm test -- ${relative(repository, test.filePath ?? '')} --name ${name}`
}

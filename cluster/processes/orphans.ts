import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from '../json-file.ts'
import { endStray } from '../postgres/data-folder.ts'
import { type Identity, isAlive } from './identity.ts'
import { endProcess } from './processes.ts'

type Processes = Readonly<Record<string, Identity>>

/** Notes by name which processes work on a folder, for whoever comes after the one that runs them was killed. */
export function noteProcesses(folder: string, processes: Processes): void {
  writeJson(fileOf(folder), processes)
}

export function forgetProcesses(folder: string): void {
  rmSync(fileOf(folder), { force: true })
}

/** Those of the noted processes that are alive. */
export function livingProcesses(folder: string): [string, Identity][] {
  return Object.entries(readJson<Processes>(fileOf(folder)) ?? {}).filter(([, identity]) => isAlive(identity))
}

/** Ends what a killed run left at work, Postgres last; answers with the names. A process gets `within` ms to end by itself. */
export async function endLeftovers(folder: string, within = 3_000): Promise<string[]> {
  const leftovers = livingProcesses(folder)
  const clients = leftovers.filter(([name]) => name !== 'Postgres')
  await Promise.all(clients.map(([, identity]) => endProcess(identity, 'SIGTERM', within)))
  const names = clients.map(([name]) => name)
  if (await endStray(join(folder, 'postgres'))) names.push('Postgres')
  forgetProcesses(folder)
  return names
}

function fileOf(folder: string): string {
  return join(folder, 'processes.json')
}

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from '../json-file.ts'
import { endStray } from '../postgres/data-folder.ts'
import { type Identity, isAlive } from './identity.ts'
import { stopProcess } from './processes.ts'

type Processes = Readonly<Record<string, Identity>>

/** Records the processes of a folder by name, for the clean-up after this process was killed. */
export function recordProcesses(folder: string, processes: Processes): void {
  writeJson(fileOf(folder), processes)
}

export function forgetProcesses(folder: string): void {
  rmSync(fileOf(folder), { force: true })
}

/** The recorded processes that are alive. */
export function orphansIn(folder: string): [string, Identity][] {
  return Object.entries(readJson<Processes>(fileOf(folder)) ?? {}).filter(([, identity]) => isAlive(identity))
}

/** Ends the processes that a killed run left, Postgres last. Returns their names. */
export async function killOrphansIn(folder: string, timeoutMs = 3_000): Promise<string[]> {
  const orphans = orphansIn(folder)
  const clients = orphans.filter(([name]) => name !== 'Postgres')
  await Promise.all(clients.map(([, identity]) => stopProcess(identity, 'SIGTERM', timeoutMs)))
  const names = clients.map(([name]) => name)
  if (await endStray(join(folder, 'postgres'))) names.push('Postgres')
  forgetProcesses(folder)
  return names
}

function fileOf(folder: string): string {
  return join(folder, 'processes.json')
}

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const MAX_LOG_BYTES = 20_000_000

/** Renames a large log file, once. */
export function openLogs(folder: string): string {
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(logs).filter((file) => file.endsWith('.log'))) {
    const path = join(logs, name)
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.previous`)
  }
  return logs
}

/** Records what was done to the cluster, to compare with its logs. */
export function note(logs: string, event: string): void {
  appendFileSync(join(logs, 'timeline.log'), `${new Date().toISOString()} ${event}\n`, { mode: 0o600 })
}

/** All logs of these folders, each under its file name. */
export function readLogs(folders: readonly string[]): string {
  const files = folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const logs = files.filter((file) => file.endsWith('.log'))
  return logs.map((file) => `==> ${basename(file)} <==\n${readFileSync(file, 'utf8')}`).join('\n')
}

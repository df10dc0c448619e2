import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const largest = 20_000_000

/** The folder of a cluster's logs; files that have grown large are set aside, once. */
export function openLogs(folder: string): string {
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true, mode: 0o700 })
  for (const name of readdirSync(logs).filter((file) => file.endsWith('.log'))) {
    const path = join(logs, name)
    if (statSync(path).size > largest) renameSync(path, `${path}.former`)
  }
  return logs
}

/** Notes what was done to the cluster, and when, so that its logs can be read against it. */
export function note(logs: string, event: string): void {
  appendFileSync(join(logs, 'timeline.log'), `${new Date().toISOString()} ${event}\n`, { mode: 0o600 })
}

/** All logs in these folders in one text, each under its file's name. */
export function readLogs(folders: readonly string[]): string {
  const files = folders.filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  const logs = files.filter((file) => file.endsWith('.log'))
  return logs.map((file) => `==> ${basename(file)} <==\n${readFileSync(file, 'utf8')}`).join('\n')
}

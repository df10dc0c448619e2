import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

/** undefined where there is no file. */
export function readJson<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
}

/** Atomic: writes beside the file and renames. Readable by the owner only. */
export function writeJson(path: string, value: unknown): void {
  const fresh = `${path}.new`
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, path)
}

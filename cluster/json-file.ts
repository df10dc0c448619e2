import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

/** The content of a JSON file; undefined where there is none. */
export function readJson<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined
}

/** Written beside it and renamed: a reader finds the former content or this, never half of it. For the owner's eyes alone. */
export function writeJson(path: string, value: unknown): void {
  const fresh = `${path}.new`
  writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, path)
}

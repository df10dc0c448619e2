import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Progress of a rolling restart as JSON lines, for the command that started it. */
export interface RollingRestartLine {
  readonly kind: 'begin' | 'progress' | 'done' | 'failed'
  readonly text: string
}

export function appendRoll(folder: string, line: RollingRestartLine): void {
  appendFileSync(fileIn(folder), `${JSON.stringify(line)}\n`, { mode: 0o600 })
}

/** Each call returns the new lines. */
export function followRolls(folder: string): () => RollingRestartLine[] {
  const file = fileIn(folder)
  let read = existsSync(file) ? statSync(file).size : 0
  return () => {
    const fresh = existsSync(file) ? readFileSync(file).subarray(read) : Buffer.alloc(0)
    const whole = fresh.subarray(0, fresh.lastIndexOf('\n') + 1)
    read += whole.length
    return whole
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as RollingRestartLine)
  }
}

function fileIn(folder: string): string {
  return join(folder, 'logs', 'rolls.jsonl')
}

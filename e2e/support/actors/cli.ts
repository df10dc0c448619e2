import { spawn } from 'node:child_process'

export interface CliResult {
  readonly code: number | null
  readonly output: string
}

/** Runs one of the product's commands (`account disable …`) against this database, as somebody at a shell would. */
export function runCli(databaseUrl: string, words: readonly string[], input = ''): Promise<CliResult> {
  const child = spawn(process.execPath, ['src/cli.ts', ...words], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl, LOG_FORMAT: 'json' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  const note = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

const ROOT = `${import.meta.dirname}/../../..`

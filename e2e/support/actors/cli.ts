import { spawn } from 'node:child_process'

export interface CliResult {
  readonly code: number | null
  readonly output: string
}

const ROOT = `${import.meta.dirname}/../../..`

/** Runs one of the product's commands (`account disable …`) against this database. */
export function runCli(databaseUrl: string, args: readonly string[], input = ''): Promise<CliResult> {
  const child = spawn(process.execPath, ['src/cli.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, DATABASE_URL: databaseUrl, LOG_FORMAT: 'json' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

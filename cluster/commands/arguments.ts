import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { repository } from '../replica-environment.ts'

export const DEFAULT_FOLDER = '.data'

/** Wrong arguments, or --help. The message is for the user. */
export class UsageError extends Error {
  /** 64 is EX_USAGE. */
  readonly exitCode: 0 | 64
  constructor(message: string, exitCode: 0 | 64 = 64) {
    super(message)
    this.exitCode = exitCode
  }
}

export interface UpOptions {
  readonly replicas: number
  readonly port: number
  /** Absolute path. */
  readonly data: string
  /** Rolls the replicas when a file below src/ changes. */
  readonly watch: boolean
}

const upHelp = `npm run up -- [--replicas N] [--port N] [--data DIR]

  --replicas N   how many replicas, 1 to 20 (3)
  --port N       where nginx listens (8080); 0 takes a free port, as does one that is taken
  --data DIR     database, logs and secrets (${DEFAULT_FOLDER})
  --watch        replace the replicas when a file below src/ changes (npm run dev)

With DATABASE_URL in the environment or in .env it uses that database.
Example: npm run up -- --replicas 5 --port 9000 --data /tmp/five`

export function readUpOptions(args: readonly string[]): UpOptions {
  const values = parse(args, upHelp, ['replicas', 'port', 'data'], ['watch'])
  return {
    replicas: wholeNumber('--replicas', values.replicas ?? '3', 1, 20),
    port: wholeNumber('--port', values.port ?? '8080', 0, 65_535),
    data: folderOf(values.data),
    watch: values.watch !== undefined,
  }
}

/** For commands with --data only. */
export function readDataOption(args: readonly string[], help: string): string {
  return folderOf(parse(args, help, ['data']).data)
}

type Values = Readonly<Record<string, string | undefined>>

export function parse(
  args: readonly string[],
  help: string,
  texts: readonly string[],
  switches: readonly string[] = [],
): Values {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: 'string' }] as const),
    ...[...switches, 'help'].map((name) => [name, { type: 'boolean' }] as const),
  ])
  let values: Record<string, unknown>
  try {
    values = parseArgs({ args: [...args], options, strict: true }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}\n\n${help}`)
  }
  if (values.help) throw new UsageError(help, 0)
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= min && number <= max) return number
  throw new UsageError(`${flag} wants a whole number from ${min} to ${max}, not '${text}'`)
}

function folderOf(text: string | undefined): string {
  if (text === '') throw new UsageError('--data wants a folder')
  return resolve(repository, text ?? DEFAULT_FOLDER)
}

import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { repository } from '../replica-environment.ts'

/** A command was called wrongly, or asked for its help; the message is for people. */
export class UsageError extends Error {
  /** 64 is EX_USAGE. */
  readonly exitCode: 0 | 64
  constructor(message: string, exitCode: 0 | 64 = 64) {
    super(message)
    this.exitCode = exitCode
  }
}

export const TEXT = { type: 'string' } as const
export const SWITCH = { type: 'boolean', default: false } as const

type Spec = Pick<ParseArgsConfig, 'options' | 'allowPositionals'>

/**
 * `parseArgs` of node:util, strict, with `--help`. Throws UsageError for the help and for arguments
 * that `spec` does not name.
 */
export function parseOptions<const T extends Spec>(
  args: readonly string[],
  help: string,
  spec: T,
): ReturnType<typeof parseArgs<T>> {
  const options = { ...spec.options, help: SWITCH }
  try {
    const parsed = parseArgs({ ...spec, args: [...args], options })
    if ('help' in parsed.values && parsed.values.help) throw new UsageError(help, 0)
    return parsed as ReturnType<typeof parseArgs<T>>
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${(error as Error).message.split('. ')[0]}\n\n${help}`)
  }
}

/** Throws UsageError unless the text is a whole number from `min` to `max`. */
export function parseInteger(flag: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= min && number <= max) return number
  throw new UsageError(`${flag} wants a whole number from ${min} to ${max}, not '${text}'`)
}

export interface UpOptions {
  readonly replicas: number
  readonly port: number
  /** Absolute path. */
  readonly data: string
  /** Rolls the replicas when a file below src/ changes. */
  readonly watch: boolean
}

const DEFAULT_FOLDER = '.data'

const UP_HELP = `npm run up -- [--replicas N] [--port N] [--data DIR]

  --replicas N   how many replicas, 1 to 20 (3)
  --port N       where nginx listens (8080); 0 takes a free port, as does a port that is taken
  --data DIR     database, logs and secrets (${DEFAULT_FOLDER})
  --watch        replace the replicas when a file below src/ changes (npm run dev)

With DATABASE_URL in the environment or in .env it uses that database.
Example: npm run up -- --replicas 5 --port 9000 --data /tmp/five`

export function readUpOptions(args: readonly string[]): UpOptions {
  const options = { replicas: TEXT, port: TEXT, data: TEXT, watch: SWITCH }
  const { replicas = '3', port = '8080', data, watch } = parseOptions(args, UP_HELP, { options }).values
  return {
    replicas: parseInteger('--replicas', replicas, 1, 20),
    port: parseInteger('--port', port, 0, 65_535),
    data: dataFolder(data),
    watch,
  }
}

/** For commands whose only option is the folder: its absolute path. */
export function readDataOption(args: readonly string[], help: string): string {
  return dataFolder(parseOptions(args, help, { options: { data: TEXT } }).values.data)
}

/** The absolute path of a cluster's data folder. Throws UsageError for an empty text. */
export function dataFolder(text = DEFAULT_FOLDER): string {
  if (text === '') throw new UsageError('--data wants a folder')
  return resolve(repository, text)
}

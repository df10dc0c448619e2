import { globSync } from 'node:fs'
import { parseInteger, parseOptions, TEXT, UsageError } from '../../cluster/commands/arguments.ts'
import { repository } from '../../cluster/replica-environment.ts'

export interface E2eOptions {
  /** `local`, `compose`, `railway-like` or addresses; at least one. */
  readonly targets: readonly string[]
  /** Paths from the root of the repository. */
  readonly files: readonly string[]
  /** For the processes of the scenarios. */
  readonly environment: Readonly<Record<string, string>>
  /** Runs only the scenario with this name. */
  readonly name?: string
}

const HELP = `npm run e2e -- --target TARGET [--replicas N] [--restart COMMAND] [--scale COMMAND] [--name TEXT] [FILE …]

Runs the scenarios on a target, and lists what passed, failed, or was not run and why.

  --target     local (default), compose, railway-like, or the address of any deployment; may be given several times
  --replicas   how many replicas (3); at an address: how many run there (default: all that answer)
  --restart    at an address: a command that replaces all replicas there, one by one
  --scale      at an address: a command that scales to $REPLICAS replicas
  --name       only the scenario with this name
  FILE         only these scenario files, or those in these folders

At an address the scenarios create accounts, sessions and baskets. Example:
  npm run e2e -- --target https://shop.example --restart 'kubectl rollout restart deployment/app && kubectl rollout status deployment/app'`

const TARGET_NAMES = ['local', 'compose', 'railway-like']

export function readE2eOptions(args: readonly string[]): E2eOptions {
  const options = {
    ...{ replicas: TEXT, restart: TEXT, scale: TEXT, name: TEXT },
    target: { type: 'string', multiple: true },
  } as const
  const { values, positionals } = parseOptions(args, HELP, { options, allowPositionals: true })
  const { target: targets = ['local'], replicas, restart, scale, name } = values
  const wrong = targets.find((target) => !TARGET_NAMES.includes(target) && !isAddress(target))
  if (wrong !== undefined)
    throw new UsageError(`--target is ${TARGET_NAMES.join(', ')} or an address, not '${wrong}'\n\n${HELP}`)
  if (replicas !== undefined) parseInteger('--replicas', replicas, 1, 20)
  return {
    targets,
    files: (positionals.length === 0 ? ['e2e/scenarios'] : positionals).flatMap(testFilesAt),
    environment: {
      ...(replicas && { E2E_REPLICAS: replicas }),
      ...(restart !== undefined && { E2E_RESTART: restart }),
      ...(scale !== undefined && { E2E_SCALE: scale }),
    },
    ...(name !== undefined && { name }),
  }
}

function isAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}

/** A test file, or all test files of a folder. Throws UsageError where there is none. */
export function testFilesAt(path: string): readonly string[] {
  const files = globSync(path.endsWith('.ts') ? path : `${path}/**/*.test.ts`, { cwd: repository })
  if (files.length === 0) throw new UsageError(`There is no test at ${path}`)
  return files.sort()
}

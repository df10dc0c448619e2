import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { UsageError } from '../../cluster/commands/arguments.ts'
import { repository } from '../../cluster/replica-environment.ts'

export interface E2eOptions {
  /** `local`, `compose`, `railway-like` or addresses; at least one. */
  readonly targets: readonly string[]
  /** Relative to the repository. */
  readonly files: readonly string[]
  /** For the processes of the scenarios. */
  readonly environment: Readonly<Record<string, string>>
  /** Runs only the scenario with this name. */
  readonly name?: string
}

const help = `npm run e2e -- --target TARGET [--replicas N] [--restart COMMAND] [--scale COMMAND] [--name TEXT] [FILE …]

Runs the scenarios on a target, and says at the end what passed, failed, or was not run and why.

  --target     local (default), compose, railway-like, or the address of any deployment; may be given several times
  --replicas   how many replicas (3); at an address: how many there are (default: as many as are met)
  --restart    at an address: replaces all replicas there, one by one, and ends when that is done
  --scale      at an address: makes it as many replicas as $REPLICAS says
  --name       only the scenario with this name
  FILE         only these scenario files, or those in these folders

At an address the scenarios make accounts, sessions and baskets. Example:
  npm run e2e -- --target https://shop.example --restart 'kubectl rollout restart deployment/app && kubectl rollout status deployment/app'`

const NAMES = ['local', 'compose', 'railway-like']

export function readE2eOptions(args: readonly string[]): E2eOptions {
  const { values, positionals } = parsed(args)
  if (values.help) throw new UsageError(help, 0)
  const targets = values.target ?? ['local']
  const wrong = targets.find((target) => !NAMES.includes(target) && !isAddress(target))
  if (wrong !== undefined)
    throw new UsageError(`--target is ${NAMES.join(', ')} or an address, not '${wrong}'\n\n${help}`)
  if (values.replicas !== undefined && !/^([1-9]|1\d|20)$/.test(values.replicas))
    throw new UsageError(`--replicas wants a whole number from 1 to 20, not '${values.replicas}'`)
  const files = positionals.length === 0 ? testFilesAt('e2e/scenarios') : positionals.flatMap(testFilesAt)
  const { replicas, restart, scale } = values
  const environment = Object.entries({ E2E_REPLICAS: replicas, E2E_RESTART: restart, E2E_SCALE: scale })
  return {
    targets,
    files,
    environment: Object.fromEntries(environment.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...(values.name === undefined ? {} : { name: values.name }),
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  const options = {
    ...{ replicas: text, restart: text, scale: text, name: text },
    target: { type: 'string', multiple: true },
    help: { type: 'boolean' },
  } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}\n\n${help}`)
  }
}

function isAddress(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}

/** A test file, or all of a folder. Throws UsageError for none. */
export function testFilesAt(path: string): readonly string[] {
  const files = globSync(path.endsWith('.ts') ? path : `${path}/**/*.test.ts`, { cwd: repository })
  if (files.length === 0) throw new UsageError(`There is no test at ${path}`)
  return files.sort()
}

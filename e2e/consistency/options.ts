import { parseInteger, parseOptions, TEXT, UsageError } from '../../cluster/commands/arguments.ts'
import type { Workload } from './operation.ts'
import { rotateId } from './workloads/rotate-id.ts'
import { signOut } from './workloads/sign-out.ts'
import { update } from './workloads/update.ts'
import { write } from './workloads/write.ts'

const WORKLOADS: readonly Workload[] = [signOut, write, update, rotateId]

export interface ConsistencyOptions {
  /** How many promises to check with Roundhouse, and with connect-pg-simple. */
  readonly groups: number
  readonly control: number
  /** For each workload and store. */
  readonly seconds: number
  readonly workers: number
  readonly workloads: readonly Workload[]
}

const HELP = `npm run consistency -- [--groups N] [--control N] [--seconds N] [--workers N] [--only NAME,…]

  --groups N    how many sign-outs, groups of writers, increments and rotations (10000)
  --control N   how many of them with connect-pg-simple, which has to fail (a tenth)
  --seconds N   the longest that one workload may take with one store (600)
  --workers N   processes, each a replica with a pool and a store of its own, 2 to 8 (3)
  --only NAME   of ${WORKLOADS.map(({ name }) => name).join(', ')}

It starts a Postgres of its own, unless TEST_DATABASE_URL names one (as a superuser: it makes and drops a database there).
Example: npm run consistency -- --groups 1000 --only writes,rotations`

/** Throws UsageError. */
export function readConsistencyOptions(args: readonly string[]): ConsistencyOptions {
  const options = { groups: TEXT, control: TEXT, seconds: TEXT, workers: TEXT, only: TEXT }
  const { values } = parseOptions(args, HELP, { options })
  const number = (name: Exclude<keyof typeof options, 'only'>, fallback: number, min: number, max: number) =>
    parseInteger(`--${name}`, values[name] ?? String(fallback), min, max)
  const groups = number('groups', 10_000, 1, 10_000_000)
  return {
    groups,
    control: number('control', Math.max(100, Math.ceil(groups / 10)), 1, 10_000_000),
    seconds: number('seconds', 600, 1, 86_400),
    workers: number('workers', 3, 2, 8),
    workloads: parseWorkloads(values.only),
  }
}

function parseWorkloads(only: string | undefined): readonly Workload[] {
  if (only === undefined) return WORKLOADS
  const names = only.split(',')
  const unknown = names.find((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown !== undefined) throw new UsageError(`There is no workload '${unknown}'\n\n${HELP}`)
  return WORKLOADS.filter(({ name }) => names.includes(name))
}

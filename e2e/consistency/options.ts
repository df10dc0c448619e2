import { parse, UsageError } from '../../cluster/commands/arguments.ts'
import type { Workload } from './workloads/workload.ts'

export interface ConsistencyOptions {
  /** How many of each for the own store, and for stock, which only has to be seen to fail. */
  readonly groups: number
  readonly stock: number
  /** For each race and store. */
  readonly seconds: number
  readonly workers: number
  readonly races: readonly Workload[]
}

const help = (
  races: readonly Workload[],
) => `npm run consistency -- [--groups N] [--stock N] [--seconds N] [--workers N] [--only NAME,…]

  --groups N    how many sign-outs, groups of writers, increments and renames (10000)
  --stock N     how many of them with the stock store, which has to fail (a tenth)
  --seconds N   the longest that one race may take with one store (600)
  --workers N   processes, each a replica with a pool and a store of its own, 2 to 8 (3)
  --only NAME   of ${races.map(({ name }) => name).join(', ')}

It starts a Postgres of its own, unless TEST_DATABASE_URL names one (as a superuser: it makes and drops a database there).
Example: npm run consistency -- --groups 1000 --only writes,renames`

export function readConsistencyOptions(args: readonly string[], races: readonly Workload[]): ConsistencyOptions {
  const usage = help(races)
  const values = parse(args, usage, ['groups', 'stock', 'seconds', 'workers', 'only'])
  const number = (name: string, fallback: number, least: number, most: number) => {
    const text = values[name] ?? String(fallback)
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text)
    throw new UsageError(`--${name} wants a whole number from ${least} to ${most}, not '${text}'\n\n${usage}`)
  }
  const groups = number('groups', 10_000, 1, 10_000_000)
  return {
    groups,
    stock: number('stock', Math.max(100, Math.ceil(groups / 10)), 1, 10_000_000),
    seconds: number('seconds', 600, 1, 86_400),
    workers: number('workers', 3, 2, 8),
    races: chosen(values.only, races, usage),
  }
}

function chosen(only: string | undefined, races: readonly Workload[], usage: string): readonly Workload[] {
  if (only === undefined) return races
  const names = only.split(',')
  const unknown = names.find((name) => !races.some((race) => race.name === name))
  if (unknown !== undefined) throw new UsageError(`There is no race '${unknown}'\n\n${usage}`)
  return races.filter(({ name }) => names.includes(name))
}

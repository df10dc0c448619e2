import { resolve } from 'node:path'
import { parseOptions, SWITCH, TEXT, UsageError } from '../cluster/commands/arguments.ts'
import { repository } from '../cluster/replica-environment.ts'
import type { WorkerProcess } from '../test-support/worker-process.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import type { BenchEnvironment } from './environment.ts'
import type { Candidate, Progress, Rounds } from './interleave.ts'

export const SECTION_NAMES = ['pages', 'latency', 'writes', 'touches', 'sign-in', 'memory', 'rows'] as const
export type SectionName = (typeof SECTION_NAMES)[number]

/** What is measured, and for how long. */
export interface BenchOptions {
  readonly sections: readonly SectionName[]
  /** Of one sample, without its warm-up. */
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  readonly contenders: readonly Contender[]
  /** Sizes of the table, for the section `rows`. */
  readonly rows: readonly number[]
  /** Absolute. */
  readonly folder: string
  /** Postgres waits for the disk, as it is shipped. */
  readonly durable: boolean
  /** Where Roundhouse's replicas write their CPU profiles. */
  readonly profileFolder: string | undefined
}

/** The options, and the tools of a run. */
export interface Bench extends BenchOptions {
  readonly environment: BenchEnvironment
  /** The process of load.ts. */
  readonly loadGenerator: WorkerProcess
  /** Of one sample, in milliseconds. */
  readonly times: { readonly warmUpMs: number; readonly measuredMs: number }
  /** Node's flags for the replicas of a contender. */
  nodeFlags(contender: Contender): readonly string[]
  /** Measures the candidates in interleaved rounds, and shows the progress. */
  measure<Figures>(title: string, candidates: readonly Candidate<Figures>[]): Promise<Rounds<Figures>>
  /** Shows the progress of other work. */
  progress(title: string, steps: number): Progress
}

const HELP = `npm run bench -- [--pages] [--latency] [--writes] [--touches] [--sign-in] [--memory] [--rows N,N]

Measures the session store beside what you would use instead, all in one run, in turns of a second.
Without one of these switches: all of them but --rows, which takes about eight minutes.
  --pages          a small page over 64 connections, and what it costs
  --latency        the same over one connection
  --writes         session writes, with the WAL and the share of HOT updates
  --touches        moves of the expiry
  --sign-in        sign-ins through a cluster
  --memory         the memory of a replica, with flags of Node
  --rows N,N       pages over tables with so many sessions (10_000,1_000_000), which the next run uses again

  --rounds N       turns of each contender (11)
  --seconds N      how long each turn lasts (1)
  --connections N  for --pages and --writes (64)
  --only NAME,…    ${CONTENDERS.slice(0, 4)
    .map(({ name }) => name)
    .join(', ')},
                   ${CONTENDERS.slice(4)
                     .map(({ name }) => name)
                     .join(', ')}
  --data DIR       Postgres and the results (.data/bench)
  --no-fsync       Postgres does not wait for the disk: what processors can do
  --cpu-prof DIR   also write CPU profiles of Roundhouse's replicas there

Example: npm run bench -- --pages --rounds 5 --only roundhouse,connect-pg-simple`

const OPTIONS = {
  ...{ pages: SWITCH, latency: SWITCH, writes: SWITCH, touches: SWITCH, 'sign-in': SWITCH, memory: SWITCH },
  ...{ rows: TEXT, rounds: TEXT, seconds: TEXT, connections: TEXT, only: TEXT, data: TEXT },
  ...{ 'no-fsync': SWITCH, 'cpu-prof': TEXT },
}
/** `rows` is chosen by its sizes, and is not measured by default. */
const DEFAULT_SECTIONS = SECTION_NAMES.filter((name) => name !== 'rows')

/** Throws UsageError. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseOptions(args, HELP, { options: OPTIONS })
  const sections = SECTION_NAMES.filter((name) => values[name])
  return {
    sections: sections.length > 0 ? sections : DEFAULT_SECTIONS,
    seconds: parseNumber('--seconds', values.seconds ?? '1', 0.05, 60),
    rounds: Math.round(parseNumber('--rounds', values.rounds ?? '11', 1, 1_000)),
    connections: Math.round(parseNumber('--connections', values.connections ?? '64', 1, 1_000)),
    contenders: parseContenders(values.only),
    rows: (values.rows ?? '').split(',').filter(Boolean).map(parseRows),
    folder: resolve(repository, values.data || '.data/bench'),
    durable: !values['no-fsync'],
    profileFolder: values['cpu-prof'] && resolve(repository, values['cpu-prof']),
  }
}

function parseContenders(only: string | undefined): readonly Contender[] {
  if (only === undefined) return CONTENDERS
  const names = only.split(',')
  const unknown = names.find((name) => CONTENDERS.every((contender) => contender.name !== name))
  if (unknown !== undefined) throw new UsageError(`There is no contender '${unknown}'\n\n${HELP}`)
  return CONTENDERS.filter(({ name }) => names.includes(name))
}

function parseRows(text: string): number {
  return parseNumber('--rows', text.replaceAll('_', ''), 1_000, 100_000_000)
}

function parseNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text)
  if (text.trim() !== '' && number >= min && number <= max) return number
  throw new UsageError(`${flag} wants a number from ${min} to ${max}, not '${text}'`)
}

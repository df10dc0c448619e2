import { resolve } from 'node:path'
import { parse, UsageError } from '../cluster/commands/arguments.ts'
import { repository } from '../cluster/replica-environment.ts'
import { CONTENDERS, type Contender } from './contenders.ts'
import type { BenchEnvironment } from './environment.ts'
import type { Progress } from './progress.ts'
import type { Worker } from './worker.ts'

export const SECTION_NAMES = ['pages', 'latency', 'writes', 'touches', 'sign-in', 'memory', 'rows'] as const
export type SectionName = (typeof SECTION_NAMES)[number]

/** What is to be measured, and for how long. */
export interface BenchOptions {
  readonly sections: readonly SectionName[]
  /** Of one slice, without its warm-up. */
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  readonly candidates: readonly Contender[]
  /** Sizes of the table, for `rows`. */
  readonly rows: readonly number[]
  /** Absolute. */
  readonly folder: string
  /** Postgres waits for the disk, as it is shipped. */
  readonly durable: boolean
  /** Where the replicas of ours write their CPU profiles. */
  readonly profile: string | undefined
}

/** A plan, and what it is carried out with. */
export interface Bench extends BenchOptions {
  readonly premises: BenchEnvironment
  readonly generator: Worker
  readonly asked: AbortSignal
  /** Node's flags for the replicas of a candidate. */
  nodeFlags(candidate: Contender): readonly string[]
  progress(title: string, steps: number): Progress
}

const help = `npm run bench -- [--pages] [--latency] [--writes] [--touches] [--sign-in] [--memory] [--rows N,N]

Measures the session store beside what would be used in its place, all in one run, in turns of a second. Without one of these
switches: all of them but --rows, which takes about eight minutes.
  --pages          a small page over 64 connections, and what it costs
  --latency        the same over one connection
  --writes         session writes, with the WAL and the HOT share; --touches: renewals
  --sign-in        sign-ins through a cluster
  --memory         what a replica occupies, with flags of Node
  --rows N,N       pages over tables with so many sessions (10_000,1_000_000), which are kept for the next time

  --rounds N       turns of each candidate (11)
  --seconds N      how long each turn lasts (1)
  --connections N  for --pages and --writes (64)
  --only NAME,…    ${CONTENDERS.map(({ name }) => name).join(', ')}
  --data DIR       Postgres and the results (.data/bench)
  --no-fsync       Postgres does not wait for the disk: what processors can do
  --cpu-prof DIR   also write CPU profiles of our replicas there

Example: npm run bench -- --pages --rounds 5 --only ours,stock`

const texts = ['rows', 'rounds', 'seconds', 'connections', 'only', 'data', 'cpu-prof'] as const

export function readBenchOptions(args: readonly string[]): BenchOptions {
  const values = parse(args, help, texts, [...SECTION_NAMES.slice(0, -1), 'no-fsync'])
  const asked = SECTION_NAMES.filter((name) => values[name] !== undefined)
  return {
    sections: asked.length > 0 ? asked : SECTION_NAMES.slice(0, -1),
    seconds: numberOf('--seconds', values.seconds ?? '1', 0.05, 60),
    rounds: Math.round(numberOf('--rounds', values.rounds ?? '11', 1, 1_000)),
    connections: Math.round(numberOf('--connections', values.connections ?? '64', 1, 1_000)),
    candidates: chosen(values.only),
    rows: (values.rows ?? '').split(',').filter(Boolean).map(rowsOf),
    folder: resolve(repository, values.data || '.data/bench'),
    durable: values['no-fsync'] === undefined,
    profile: values['cpu-prof'] && resolve(repository, values['cpu-prof']),
  }
}

function chosen(names: string | undefined): readonly Contender[] {
  if (names === undefined) return CONTENDERS
  const wanted = names.split(',')
  const stranger = wanted.find((name) => CONTENDERS.every((candidate) => candidate.name !== name))
  if (stranger !== undefined) throw new UsageError(`There is no candidate '${stranger}'\n\n${help}`)
  return CONTENDERS.filter(({ name }) => wanted.includes(name))
}

function rowsOf(text: string): number {
  return numberOf('--rows', text.replaceAll('_', ''), 1_000, 100_000_000)
}

function numberOf(flag: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (text.trim() !== '' && number >= least && number <= most) return number
  throw new UsageError(`${flag} wants a number from ${least} to ${most}, not '${text}'`)
}

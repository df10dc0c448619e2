import { join } from 'node:path'
import process from 'node:process'
import { query } from '../cluster/postgres/database.ts'
import { freePort } from '../cluster/processes/ports.ts'
import { type Child, launch, waitForLine } from '../cluster/processes/processes.ts'
import { environmentFor, readSettings, repository } from '../cluster/replica-environment.ts'
import { contenderNamed } from './contenders.ts'
import { residentMemory } from './cpu.ts'
import type { Load, Outcome } from './load.ts'
import type { Bench } from './options.ts'
import { play, WARMUP_RATIO } from './pages.ts'
import type { Section } from './section.ts'
import { preparedSessions, secret, sessionOf, small } from './session-data.ts'
import { pairedRatio, type Spread, spreadOf } from './stats.ts'
import { fill, openSessions } from './stores.ts'
import { bytes, spread, table, whole } from './table.ts'

/** Of Node: how large the young generation may grow, and the old one, in MB. */
const variants: readonly (readonly string[])[] = [
  [],
  ['--max-semi-space-size=2'],
  ['--max-semi-space-size=4'],
  ['--max-semi-space-size=4', '--max-old-space-size=64'],
]

interface Replica {
  readonly label: string
  readonly port: number
  readonly child: Child
  /** Bytes, once it was ready. */
  readonly idle: number
}

/** What a replica of the product occupies, idle and after load, with flags of Node; and what the flags cost. */
export async function memorySection(bench: Bench): Promise<Section> {
  const url = await bench.premises.freshDatabase('memory', 'ours')
  await prepare(url)
  const replicas: Replica[] = []
  try {
    for (const flags of variants) replicas.push(await start(bench, url, flags))
    const contestants = replicas.map(({ label, port }) => ({ name: label, label, measure: () => measure(bench, port) }))
    const rounds = await play(bench, 'memory', contestants)
    return told(replicas, (label) => rounds.get(label) ?? [])
  } finally {
    await Promise.all(replicas.map(({ child }) => child.end()))
  }
}

/** People, and their sessions. */
async function prepare(url: string): Promise<void> {
  await query(
    url,
    `INSERT INTO account (id, email, email_key, name, password)
     SELECT replace($1, '{n}', lpad(n::text, 12, '0'))::uuid, n || '@example.com', n || '@example.com', 'Somebody', ''
       FROM generate_series(0, $2 - 1) AS n`,
    [sessionOf(0).account?.replace(/0{12}$/, '{n}'), small.count],
  )
  const { store, close } = await openSessions(contenderNamed('ours'), url)
  if (store !== undefined) await fill(store, preparedSessions())
  await close()
}

async function start(bench: Bench, databaseUrl: string, flags: readonly string[]): Promise<Replica> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const label = flags.join(' ') || 'no flags'
  const own = { REPLICA: 'memory', PORT: String(port), METRICS_PORT: String(metricsPort), LOG_FORMAT: 'json' }
  const child = launch({
    command: process.execPath,
    args: [...flags, 'src/main.ts'],
    cwd: repository,
    env: environmentFor(readSettings(false), secret, databaseUrl, own),
    log: join(bench.premises.folder, `memory-${port}.log`),
  })
  await waitForLine(child, /replica ready/)
  return { label, port, child, idle: residentMemory(child.identity.pid) ?? Number.NaN }
}

async function measure(bench: Bench, port: number): Promise<number> {
  const request = { method: 'GET', path: '/api/session', sessions: [small], expected: '"signedIn":true' } as const
  const times = { measured: bench.seconds * 1000, warm: bench.seconds * 1000 * WARMUP_RATIO }
  const load: Load = { ...request, ...times, connections: 32, port }
  const { answers, time, failures, failure } = await bench.generator.ask<Outcome>(load)
  if (failures > 0) throw new Error(`A page of the product failed: ${failure}`)
  return (answers / time) * 1000
}

function told(replicas: readonly Replica[], ratesOf: (label: string) => readonly number[]): Section {
  const plain = ratesOf(replicas[0]?.label ?? '')
  const data = replicas.map(({ label, idle, child }) => ({
    label,
    idle,
    loaded: residentMemory(child.identity.pid) ?? Number.NaN,
    rate: spreadOf(ratesOf(label)) as Spread,
    ratio: pairedRatio(ratesOf(label), plain),
  }))
  const rows = data.map(({ label, idle, loaded, rate, ratio }) => [
    label,
    bytes(idle),
    bytes(loaded),
    whole(rate.median),
    spread(ratio),
  ])
  const text = table(
    ['a replica of the product, 32 connections', 'idle', 'after load', 'requests/s', '× no flags'],
    rows,
  )
  return { title: 'Memory', text, bars: [], data }
}

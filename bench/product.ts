import { join } from 'node:path'
import process from 'node:process'
import { startLocalCluster } from '../cluster/local/local.ts'
import { query } from '../cluster/postgres/database.ts'
import { freePort } from '../cluster/processes/ports.ts'
import { type Child, launch, waitForLine } from '../cluster/processes/processes.ts'
import { environmentFor, readSettings, repository } from '../cluster/replica-environment.ts'
import { contenderNamed, fillStore, openSessionLayer } from './contenders.ts'
import { processorTime, residentMemory } from './deployment.ts'
import { pairedRatio, spreadOf, sum } from './interleave.ts'
import type { Load, LoadSummary } from './load.ts'
import type { Bench } from './options.ts'
import { bytes, fine, type Section, spread, table, whole } from './report.ts'
import { preparedSessions, SECRET, SMALL_SESSIONS, sessionOf } from './session-data.ts'

/** Few: each takes some 40 ms of a processor, and an account allows ten attempts at once. */
const SIGN_IN_CLIENTS = 8
const SIGN_INS = ['ada', 'bea', 'sten'].map((name) =>
  JSON.stringify({ email: `${name}@example.com`, password: 'roundhouse-demo-1' }),
)

/** Sign-ins through nginx and two replicas of the product: password, limits, new session. */
export async function signInSection(bench: Bench): Promise<Section> {
  const folder = join(bench.environment.folder, 'cluster')
  const cluster = await startLocalCluster({ folder, replicas: 2, seed: true, durable: true })
  try {
    const request = { method: 'POST', path: '/login', bodies: SIGN_INS, expected: '"account":{' } as const
    const port = Number(new URL(cluster.url).port)
    const load: Load = { ...request, ...bench.times, sessions: [], connections: SIGN_IN_CLIENTS, port }
    const measure = async () => {
      const before = processorTime(...cluster.replicas)
      const summary = await bench.loadGenerator.request<LoadSummary>(load)
      return { ...summary, replicas: processorTime(...cluster.replicas) - before }
    }
    const label = `${SIGN_IN_CLIENTS} at once`
    const rounds = await bench.measure('sign-ins', [{ name: 'sign-in', label, measure }])
    return reportSignIns(label, rounds.get('sign-in') ?? [])
  } finally {
    await cluster.destroy()
  }
}

type SignInSample = LoadSummary & { readonly replicas: number }

function reportSignIns(label: string, samples: readonly SignInSample[]): Section {
  const data = {
    rate: spreadOf(samples.map(({ rate }) => rate)),
    p50Ms: spreadOf(samples.map(({ p50Ms }) => p50Ms)).median,
    p99Ms: spreadOf(samples.map(({ p99Ms }) => p99Ms)).median,
    /** The replicas' processor time for one sign-in. */
    cpuMs: sum(samples.map(({ replicas }) => replicas)) / sum(samples.map(({ responses }) => responses)) / 1000,
  }
  const { low, median, high } = data.rate
  const row = [label, fine(median, 1), `${fine(low, 1)}–${fine(high, 1)}`]
  const text = table(
    ['', 'sign-ins/s', 'quartiles', 'p50 ms', 'p99 ms', 'ms replicas'],
    [[...row, fine(data.p50Ms, 0), fine(data.p99Ms, 0), fine(data.cpuMs, 1)]],
  )
  return { title: 'Sign-ins', text, thresholds: [], data }
}

/** Node's limits of the young and of the old generation, in MB. */
const NODE_FLAGS: readonly (readonly string[])[] = [
  [],
  ['--max-semi-space-size=2'],
  ['--max-semi-space-size=4'],
  ['--max-semi-space-size=4', '--max-old-space-size=64'],
]
const MEMORY_CONNECTIONS = 32

interface ProductReplica {
  readonly label: string
  readonly port: number
  readonly child: Child
  /** When it was ready. */
  readonly idleBytes: number
}

/**
 * The memory of a replica of the product, idle and after load, with flags of Node; and the flags'
 * cost.
 */
export async function memorySection(bench: Bench): Promise<Section> {
  const url = await bench.environment.freshDatabase('memory', 'roundhouse')
  await seedUsers(url)
  const replicas: ProductReplica[] = []
  try {
    for (const flags of NODE_FLAGS) replicas.push(await startReplica(bench, url, flags))
    const candidates = replicas.map(({ label, port }) => ({
      name: label,
      label,
      measure: () => readPages(bench, port),
    }))
    const rounds = await bench.measure('memory', candidates)
    return reportMemory(replicas, (label) => rounds.get(label) ?? [])
  } finally {
    await Promise.all(replicas.map(({ child }) => child.end()))
  }
}

async function seedUsers(url: string): Promise<void> {
  await query(
    url,
    `INSERT INTO account (id, email, email_key, name, password)
     SELECT replace($1, '{n}', lpad(n::text, 12, '0'))::uuid, n || '@example.com', n || '@example.com', 'Somebody', ''
       FROM generate_series(0, $2 - 1) AS n`,
    [sessionOf(0).account?.replace(/0{12}$/, '{n}'), SMALL_SESSIONS.count],
  )
  const { store, close } = await openSessionLayer(contenderNamed('roundhouse'), url)
  if (store !== undefined) await fillStore(store, preparedSessions())
  await close()
}

async function startReplica(bench: Bench, databaseUrl: string, flags: readonly string[]): Promise<ProductReplica> {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const settings = { REPLICA: 'memory', PORT: String(port), METRICS_PORT: String(metricsPort), LOG_FORMAT: 'json' }
  const child = launch({
    command: process.execPath,
    args: [...flags, 'src/main.ts'],
    cwd: repository,
    env: environmentFor(readSettings(false), SECRET, databaseUrl, settings),
    log: join(bench.environment.folder, `memory-${port}.log`),
  })
  await waitForLine(child, /replica ready/)
  return { label: flags.join(' ') || 'no flags', port, child, idleBytes: residentMemory(child.identity.pid) }
}

/** Resolves with pages a second. */
async function readPages(bench: Bench, port: number): Promise<number> {
  const request = { method: 'GET', path: '/api/session', expected: '"signedIn":true' } as const
  const load: Load = { ...request, ...bench.times, sessions: [SMALL_SESSIONS], connections: MEMORY_CONNECTIONS, port }
  return (await bench.loadGenerator.request<LoadSummary>(load)).rate
}

function reportMemory(replicas: readonly ProductReplica[], ratesOf: (label: string) => readonly number[]): Section {
  const baseline = ratesOf(replicas[0]?.label ?? '')
  const data = replicas.map(({ label, idleBytes, child }) => ({
    label,
    idleBytes,
    loadedBytes: residentMemory(child.identity.pid),
    rate: spreadOf(ratesOf(label)),
    ratio: pairedRatio(ratesOf(label), baseline),
  }))
  const rows = data.map(({ label, idleBytes, loadedBytes, rate, ratio }) => [
    label,
    bytes(idleBytes),
    bytes(loadedBytes),
    whole(rate.median),
    spread(ratio),
  ])
  const head = [
    `a replica of the product, ${MEMORY_CONNECTIONS} connections`,
    'idle',
    'after load',
    'requests/s',
    '× no flags',
  ]
  return { title: 'Memory', text: table(head, rows), thresholds: [], data }
}

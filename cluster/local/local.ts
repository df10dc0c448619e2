import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { ClusterOptions } from '../cluster.ts'
import { type OnProgress, step } from '../commands/progress.ts'
import { ClusterContext } from '../context.ts'
import { findNginx, startNginx } from '../nginx/nginx.ts'
import { provideDatabase } from '../postgres/database.ts'
import { startPostgres } from '../postgres/postgres.ts'
import { acquireLock, releaseLock } from '../processes/lock-file.ts'
import { forgetProcesses, killOrphansIn, recordProcesses } from '../processes/orphans.ts'
import { freePort, nearestFree } from '../processes/ports.ts'
import { repository } from '../replica-environment.ts'
import { readOrCreateSecret } from '../secret.ts'
import { Components } from './components.ts'
import { LocalCluster } from './local-cluster.ts'
import { LocalReplica } from './replica.ts'
import { ReplicaSet } from './replica-set.ts'

export interface LocalOptions extends ClusterOptions {
  /** Replaces src/main.ts or src/cli.ts; relative to the repository. */
  readonly server?: string
  readonly cli?: string
  /** Reads `.env`, and uses the database of DATABASE_URL. Default false. */
  readonly readDotEnv?: boolean
  /** Its Postgres survives a power failure. Default false, which is faster. */
  readonly durable?: boolean
  /** Uses the next free port where `port` is taken. Default false: an error. */
  readonly allowOtherPort?: boolean
  /** Between one replica's readiness and the next one's stop during a roll. Default 2000. */
  readonly pauseMs?: number
  /** Called for events of replicas after the start. */
  readonly onEvent?: OnProgress
  /** Called when a part has a new process. */
  readonly onChange?: () => void
}

/** Throws AlreadyRunning where a cluster runs in the folder. */
export async function startLocalCluster(options: LocalOptions = {}): Promise<LocalCluster> {
  const folder = options.folder === undefined ? await temporaryFolder() : resolve(options.folder)
  acquireLock(folder)
  const components = new Components()
  try {
    return await start(folder, options, components)
  } catch (fault) {
    await components.stop()
    forgetProcesses(folder)
    releaseLock(folder)
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    throw fault
  }
}

async function start(folder: string, options: LocalOptions, components: Components): Promise<LocalCluster> {
  const onProgress: OnProgress = (line) => options.onProgress?.(line)
  await killOrphans(folder, onProgress)
  const port = await choosePort(options, onProgress)
  const context = new ClusterContext({
    folder,
    overrides: options.environment,
    readDotEnv: options.readDotEnv,
    cli: options.cli,
  })
  context.note('the cluster starts')
  const binary = await findNginx((line) => onProgress(`  ${line}`))
  await step(
    onProgress,
    () => provideDatabaseFor(context, options, components),
    (line) => line,
  )
  await step(
    onProgress,
    () => context.runCommand('migrate'),
    () => 'Schema is up to date',
  )

  const onChange = () => {
    recordProcesses(folder, components.identities())
    options.onChange?.()
  }
  components.replicaSet = await createReplicaSet(context, options, onChange)
  await Promise.all([startReplicas(components, onProgress), seed(context, options, onProgress)])
  components.nginx = await step(
    onProgress,
    () => startFrontend(binary, context, options, components, port),
    ({ url }) => `nginx on ${url}`,
  )
  onChange()
  context.note('the cluster is ready')
  return new LocalCluster(context, components, onChange)
}

async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-'))
}

async function killOrphans(folder: string, onProgress: OnProgress): Promise<void> {
  const names = await killOrphansIn(folder)
  if (names.length > 0) onProgress(`  Ended what a killed run had left here: ${names.join(', ')}`)
}

async function provideDatabaseFor(
  context: ClusterContext,
  options: LocalOptions,
  components: Components,
): Promise<string> {
  context.ownDatabase = options.databaseUrl
  const given = options.databaseUrl ?? (options.readDotEnv ? context.settings.person.DATABASE_URL : undefined)
  if (given) return `Database ${nameOf(given)} (DATABASE_URL)`
  const settings = {
    folder: context.path('postgres'),
    log: context.log('postgres'),
    durable: options.durable ?? false,
  }
  const postgres = await startPostgres(settings)
  components.postgres = postgres
  const password = readOrCreateSecret(context.path('secrets', 'database'))
  context.ownDatabase = await provideDatabase(postgres.url, 'roundhouse', password)
  const remark = postgres.note === undefined ? '' : `, ${postgres.note}`
  const previous = postgres.tookOver ? ' (the one of a killed run was ended)' : ''
  return `Postgres ${postgres.version} on port ${postgres.port}${remark}${previous}`
}

function nameOf(databaseUrl: string): string {
  if (!URL.canParse(databaseUrl)) return 'of a strange address'
  const { hostname, port, pathname } = new URL(databaseUrl)
  return `${pathname.slice(1)} on ${hostname}${port === '' ? '' : `:${port}`}`
}

async function createReplicaSet(
  context: ClusterContext,
  options: LocalOptions,
  onChange: () => void,
): Promise<ReplicaSet> {
  const count = options.replicas ?? Number(process.env.E2E_REPLICAS ?? 3)
  const onProgress = (line: string) => {
    context.note(line)
    options.onEvent?.(line)
  }
  const make = async (name: string) => {
    const [port, metricsPort] = [await freePort(), await freePort()]
    const own = { REPLICA: name, PORT: String(port), METRICS_PORT: String(metricsPort) }
    const command = [process.execPath, options.server ?? 'src/main.ts']
    const environment = () => context.environment(own)
    const place = { cwd: repository, log: context.log(name) }
    return new LocalReplica({ name, port, metricsPort, command, environment, onProgress, onChange, ...place })
  }
  const replicaSet = new ReplicaSet(make, options.pauseMs)
  await replicaSet.grow(count)
  return replicaSet
}

async function startReplicas(components: Components, onProgress: OnProgress): Promise<void> {
  const describe = () =>
    components.replicaSet.replicas.map(({ name, url }) => `${name} (${new URL(url).port})`).join(', ')
  await step(onProgress, () => components.replicaSet.start(), describe)
}

async function seed(context: ClusterContext, options: LocalOptions, onProgress: OnProgress): Promise<void> {
  if (!options.seed) return
  const hostname = URL.parse(context.databaseUrl)?.hostname ?? ''
  // The demo accounts have a public password, so they must not get into a shared database.
  if (context.ownDatabase === undefined && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/.test(hostname)) {
    onProgress(`  No demo people: the database is on ${hostname} (npm run seed adds them)`)
    return
  }
  await step(
    onProgress,
    () => context.runCommand('seed'),
    () => 'Demo people and products',
  )
}

async function choosePort({ port: preferred, allowOtherPort }: LocalOptions, onProgress: OnProgress): Promise<number> {
  if (!preferred) return await freePort()
  const port = allowOtherPort ? await nearestFree(preferred) : preferred
  if (port !== preferred) onProgress(`  Port ${preferred} is taken: using ${port}`)
  return port
}

async function startFrontend(
  binary: string,
  context: ClusterContext,
  options: LocalOptions,
  components: Components,
  port: number,
) {
  return await startNginx({
    binary,
    folder: context.path('nginx'),
    port,
    upstreams: components.upstreams(),
    ...(options.keepalive === undefined ? {} : { keepalive: options.keepalive }),
  })
}

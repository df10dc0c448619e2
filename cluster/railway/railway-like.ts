import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import process from 'node:process'
import type { Cluster, ClusterOptions } from '../cluster.ts'
import { step } from '../commands/progress.ts'
import { ClusterContext } from '../context.ts'
import { containerCommand, docker } from '../docker/docker.ts'
import { removeAtExit, removeByLabel } from '../docker/docker-cleanup.ts'
import { provideImage } from '../docker/image.ts'
import { startTcpForwarder, type TcpForwarder } from '../docker/tcp-forwarder.ts'
import { provideDatabase } from '../postgres/database.ts'
import { type Postgres, startPostgres } from '../postgres/postgres.ts'
import { acquireLock, releaseLock } from '../processes/lock-file.ts'
import { runToEnd } from '../processes/processes.ts'
import { readOrCreateSecret } from '../secret.ts'
import { RailwayCluster } from './railway-cluster.ts'
import { type RailwaySettings, readRailwayFile, settingsOf } from './railway-file.ts'
import { RailwayService, type ServiceOptions } from './railway-service.ts'

export interface RailwayOptions extends ClusterOptions {
  /** Replaces values of `.railway/railway.ts`. */
  readonly settings?: Partial<RailwaySettings>
  /** Until the edge knows that a container leaves. Railway does not document it. Default 3000. */
  readonly edgeLagMs?: number
}

/** Railway chooses PORT. */
const PORT = 8080

/** Runs the image in containers as Railway does. */
export async function startRailwayLikeCluster(options: RailwayOptions = {}): Promise<Cluster> {
  const folder = resolve(options.folder ?? mkdtempSync(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-')))
  acquireLock(folder)
  const stack = new AsyncDisposableStack()
  stack.defer(() => releaseLock(folder))
  try {
    return await start(folder, options, stack)
  } catch (fault) {
    await stack.disposeAsync()
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    throw fault
  }
}

async function start(folder: string, options: RailwayOptions, stack: AsyncDisposableStack): Promise<Cluster> {
  const onProgress = (line: string) => options.onProgress?.(line)
  const context = new ClusterContext({ folder, overrides: options.environment })
  context.note('the cluster starts')
  const settings = { ...settingsOf((await readRailwayFile()).app), ...options.settings }
  const image = await step(onProgress, provideImage, (name) => `Image ${name}`)
  const postgres = await provide(context, options.databaseUrl, stack)
  const forwarder = await openForwarder(context, stack)
  const place = { ...(await createNetwork(stack)), image, port: PORT }
  const service = new RailwayService({
    settings,
    place,
    edgeLagMs: options.edgeLagMs ?? 3_000,
    preDeploy: (command, environment) => runOnce(command, environment, place, context.log('pre-deploy')),
    log: (name) => context.log(name),
    onProgress: (line) => context.note(line),
  })
  const cluster = new RailwayCluster({
    context,
    postgres,
    forwarder,
    service,
    variables: settings.variables,
    stack,
  })
  const count = options.replicas ?? Number(process.env.E2E_REPLICAS ?? settings.replicas)
  await step(
    onProgress,
    () => cluster.open(count, options.port),
    () => `${count} replicas on ${cluster.url}`,
  )
  if (options.seed) await context.runCommand('seed')
  context.note('the cluster is ready')
  return cluster
}

/** Its own Postgres on this machine, unless a database is given. */
async function provide(
  context: ClusterContext,
  given: string | undefined,
  stack: AsyncDisposableStack,
): Promise<Postgres | undefined> {
  context.ownDatabase = given
  if (given !== undefined) return undefined
  const log = context.log('postgres')
  const postgres = await startPostgres({ folder: context.path('postgres'), log, durable: false })
  stack.defer(() => postgres.stop())
  const password = readOrCreateSecret(context.path('secrets', 'database'))
  context.ownDatabase = await provideDatabase(postgres.url, 'railway', password)
  return postgres
}

async function openForwarder({ databaseUrl }: ClusterContext, stack: AsyncDisposableStack): Promise<TcpForwarder> {
  const forwarder = await startTcpForwarder(databaseUrl)
  stack.defer(() => forwarder.close())
  return forwarder
}

async function createNetwork(stack: AsyncDisposableStack): Promise<{ network: string; label: string }> {
  const network = `${process.env.E2E_PROJECTS ?? 'roundhouse-e2e'}-railway-${randomBytes(3).toString('hex')}`
  const label = `roundhouse.cluster=${network}`
  removeAtExit(label)
  stack.defer(() => removeByLabel(label))
  // With IPv6: the private network of Railway's older environments has nothing else.
  await docker(['network', 'create', '--ipv6', '--label', label, network])
  return { network, label }
}

/** In a new container, to its end. */
async function runOnce(
  command: string,
  environment: Readonly<Record<string, string>>,
  { network, label, image }: ServiceOptions['place'],
  log: string,
): Promise<void> {
  const flags = ['--rm', '--network', network, '--label', label]
  const run = containerCommand({ image, flags, environment, command: ['sh', '-c', command] })
  await runToEnd(command, { ...run, log, killSignal: 'SIGTERM' })
}

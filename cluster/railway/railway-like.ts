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
import { type Dispose, disposeAll } from './dispose.ts'
import { RailwayCluster } from './railway-cluster.ts'
import { type RailwaySettings, readRailwayFile, settingsOf } from './railway-file.ts'
import { RailwayService, type ServiceOptions } from './railway-service.ts'

export interface RailwayOptions extends ClusterOptions {
  /** Replaces values of `.railway/railway.ts`. */
  readonly settings?: Partial<RailwaySettings>
  /** Until the edge knows that a container leaves. Railway does not document it. Default 3000. */
  readonly lag?: number
}

/** Railway chooses PORT. */
const PORT = 8080

/** Runs the image in containers as Railway does. */
export async function startRailwayLikeCluster(options: RailwayOptions = {}): Promise<Cluster> {
  const folder = resolve(options.folder ?? mkdtempSync(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-')))
  acquireLock(folder)
  const ends: Dispose[] = [() => releaseLock(folder)]
  try {
    return await start(folder, options, ends)
  } catch (fault) {
    await disposeAll(ends)
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    throw fault
  }
}

async function start(folder: string, options: RailwayOptions, ends: Dispose[]): Promise<Cluster> {
  const say = (line: string) => options.onProgress?.(line)
  const premises = new ClusterContext({ folder, overrides: options.environment })
  premises.note('the cluster starts')
  const settings = { ...settingsOf((await readRailwayFile()).app), ...options.settings }
  const image = await step(say, provideImage, (name) => `Image ${name}`)
  const postgres = await provide(premises, options.databaseUrl, ends)
  const passage = await openWay(premises, ends)
  const place = { ...(await layNetwork(ends)), image, port: PORT }
  const service = new RailwayService({
    settings,
    place,
    lag: options.lag ?? 3_000,
    preDeploy: (command, environment) => runOnce(command, environment, place, premises.log('pre-deploy')),
    log: (name) => premises.log(name),
    say: (line) => premises.note(line),
  })
  const cluster = new RailwayCluster({
    premises,
    postgres,
    passage,
    service,
    variables: settings.variables,
    disposals: ends,
  })
  const count = options.replicas ?? Number(process.env.E2E_REPLICAS ?? settings.replicas)
  await step(
    say,
    () => cluster.open(count, options.port),
    () => `${count} replicas on ${cluster.url}`,
  )
  if (options.seed) await premises.runCommand('seed')
  premises.note('the cluster is ready')
  return cluster
}

/** Its own Postgres on this machine, unless a database is given. */
async function provide(
  premises: ClusterContext,
  given: string | undefined,
  ends: Dispose[],
): Promise<Postgres | undefined> {
  premises.ownDatabase = given
  if (given !== undefined) return undefined
  const log = premises.log('postgres')
  const postgres = await startPostgres({ folder: premises.path('postgres'), log, durable: false })
  ends.push(() => postgres.stop())
  const password = readOrCreateSecret(premises.path('secrets', 'database'))
  premises.ownDatabase = await provideDatabase(postgres.url, 'railway', password)
  return postgres
}

async function openWay({ databaseUrl }: ClusterContext, ends: Dispose[]): Promise<TcpForwarder> {
  const passage = await startTcpForwarder(databaseUrl)
  ends.push(() => passage.close())
  return passage
}

async function layNetwork(ends: Dispose[]): Promise<{ network: string; label: string }> {
  const network = `${process.env.E2E_PROJECTS ?? 'roundhouse-e2e'}-railway-${randomBytes(3).toString('hex')}`
  const label = `roundhouse.cluster=${network}`
  removeAtExit(label)
  ends.push(() => removeByLabel(label))
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

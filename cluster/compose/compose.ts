import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { ClusterOptions } from '../cluster.ts'
import { provideImage } from '../docker/image.ts'
import { startTcpForwarder, type TcpForwarder } from '../docker/tcp-forwarder.ts'
import { query } from '../postgres/database.ts'
import { runToEnd } from '../processes/processes.ts'
import { repository } from '../replica-environment.ts'
import { ComposeCluster, type Dispose } from './compose-cluster.ts'
import { ComposeProject, type Desired } from './compose-project.ts'

/** Shared projects in use by this process. */
const foldersInUse = new Set<string>()

/**
 * Starts the services of docker-compose.yml. With E2E_DEPLOYMENT, a folder, all scenario files
 * share its project: it gets the wanted settings, its sessions are cleared, and it keeps running. A
 * second cluster gets a new project.
 */
export async function startComposeCluster(options: ClusterOptions = {}): Promise<ComposeCluster> {
  const { folder, isShared } = await place(options)
  const project = await ComposeProject.at(folder, options.port)
  const forwarder = options.databaseUrl === undefined ? undefined : await startTcpForwarder(options.databaseUrl)
  const desired = desiredBy(options, forwarder)
  const cluster = new ComposeCluster(project, desired, disposeOf(project, forwarder, isShared), options.databaseUrl)
  if (isShared) foldersInUse.add(folder)
  try {
    await provideImage()
    await project.up(desired)
    await cluster.refresh()
    await prepareData(cluster, options, isShared)
    return cluster
  } catch (fault) {
    await cluster.destroy()
    throw fault
  }
}

/** Starts the shared project and returns its URL. The caller ends it with `endProjects`. */
export async function startSharedProject(folder: string): Promise<string> {
  const project = await ComposeProject.at(folder)
  await project.up({ replicas: replicasAtFirst(), environment: {} })
  return project.url
}

async function place({ folder }: ClusterOptions): Promise<{ folder: string; isShared: boolean }> {
  const shared = process.env.E2E_DEPLOYMENT
  if (shared && (folder === undefined || folder === shared) && !foldersInUse.has(shared))
    return { folder: shared, isShared: true }
  const fresh = () => mkdtemp(join(process.env.E2E_FOLDER ?? tmpdir(), 'roundhouse-compose-'))
  return { folder: folder ?? (await fresh()), isShared: false }
}

function desiredBy(
  { replicas, keepalive, environment = {} }: ClusterOptions,
  forwarder: TcpForwarder | undefined,
): Desired {
  return {
    replicas: replicas ?? replicasAtFirst(),
    environment,
    ...(keepalive === undefined ? {} : { keepalive }),
    ...(forwarder === undefined ? {} : { databaseUrl: forwarder.url }),
  }
}

function replicasAtFirst(): number {
  return Number(process.env.E2E_REPLICAS ?? 3)
}

function disposeOf(project: ComposeProject, forwarder: TcpForwarder | undefined, isShared: boolean): Dispose {
  return async (how) => {
    foldersInUse.delete(project.folder)
    if (how === 'stop') await project.down(false)
    else if (!isShared) await project.down(true)
    await forwarder?.close()
  }
}

/** Adds demo data. Clears sessions and failed attempts in a shared project. */
async function prepareData(cluster: ComposeCluster, options: ClusterOptions, isShared: boolean): Promise<void> {
  const { seed, folder, databaseUrl } = options
  const isUsed = isShared && folder === undefined && databaseUrl === undefined
  if (isUsed) await query(cluster.databaseUrl, 'TRUNCATE session, session_tombstone, attempt')
  if (!seed) return
  const env = { PATH: process.env.PATH, NODE_ENV: 'development', DATABASE_URL: cluster.databaseUrl }
  const log = join(cluster.folder, 'logs', 'seed.log')
  await runToEnd('seed', { command: process.execPath, args: ['src/cli.ts', 'seed'], cwd: repository, env, log })
}

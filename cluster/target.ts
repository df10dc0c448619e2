import process from 'node:process'
import type { Capability, Cluster, ClusterOptions } from './cluster.ts'
import { startComposeCluster } from './compose/compose.ts'
import { startLocalCluster } from './local/local.ts'
import { startRemoteCluster } from './remote/remote.ts'

export interface Target {
  /** `local`, `compose`, `railway-like`, or an address. */
  readonly name: string
  /** Capabilities that it lacks, with the reason. */
  readonly unsupported: Readonly<Partial<Record<Capability, string>>>
  /** Client addresses do not arrive, but a gateway's header is trusted. */
  readonly isBehindGateway?: true
  start(options: ClusterOptions): Promise<Cluster>
}

export type Environment = Readonly<Record<string, string | undefined>>

/** The target of E2E_TARGET. Default `local`. */
export function targetFromEnvironment(environment: Environment = process.env): Target {
  const name = environment.E2E_TARGET || 'local'
  if (/^https?:/.test(name)) return remote(name, environment)
  const target = [local(environment), compose, railwayLike].find((candidate) => candidate.name === name)
  if (target === undefined) throw new Error(`E2E_TARGET is local, compose, railway-like or an address, not '${name}'`)
  return target
}

/** E2E_SERVER replaces src/main.ts: a replica with one part exchanged, to see the suite fail. */
function local({ E2E_SERVER: server }: Environment): Target {
  const serverOption = server === undefined ? {} : { server }
  return {
    name: 'local',
    unsupported: { blackhole: 'the address of a process that ended refuses, and is not silent' },
    start: (options) => startLocalCluster({ ...serverOption, ...options }),
  }
}

const OWN_FILES = 'an image holds files of its own, and none of the suite'

const compose: Target = {
  name: 'compose',
  unsupported: { 'preload-module': OWN_FILES },
  isBehindGateway: true,
  start: startComposeCluster,
}

const railwayLike: Target = {
  name: 'railway-like',
  unsupported: {
    nginx: 'Railway has an edge of its own, and no nginx',
    'legacy-app': 'the edge sends people to HTTPS, and the application of before has none here',
    'preload-module': OWN_FILES,
    blackhole: 'Railway starts a replica that ended again',
  },
  start: async (options) => (await import('./railway/railway-like.ts')).startRailwayLikeCluster(options),
}

function remote(url: string, { E2E_RESTART: restart, E2E_SCALE: scale, E2E_REPLICAS: replicas }: Environment): Target {
  const far = 'it is out of reach from here'
  return {
    name: url,
    unsupported: {
      replicas: 'its replicas have no addresses of their own',
      ...Object.fromEntries(UNREACHABLE.map((ability) => [ability, far])),
      ...(restart === undefined && { restart: 'it needs --restart COMMAND' }),
      ...(scale === undefined && { scale: 'it needs --scale COMMAND' }),
    },
    start: () =>
      startRemoteCluster(url, { restart, scale, replicas: replicas === undefined ? undefined : Number(replicas) }),
  }
}

const UNREACHABLE = [
  'metrics',
  'database',
  'external-database',
  'environment',
  'preload-module',
  'logs',
  'restart-one',
  'kill',
  'blackhole',
  'postgres',
  'nginx',
  'full-restart',
  'addresses',
  'second-cluster',
  'legacy-app',
] as const satisfies readonly Capability[]

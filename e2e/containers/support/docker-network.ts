import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { docker, dockerLogs, inspect, runContainer } from '../../../cluster/docker/docker.ts'
import { waitFor } from '../../../cluster/processes/wait-for.ts'
import { type CleanupScope, cleanUpAfter } from './cleanup.ts'

export interface ContainerOptions {
  readonly image: string
  readonly env?: Readonly<Record<string, string>>
  /** Replaces the image's command. */
  readonly command?: readonly string[]
  /** Arguments of `docker run`. Default: as in a restricted cluster. */
  readonly dockerArguments?: readonly string[]
}

export interface Container {
  readonly name: string
  /** Its address on the network, which this machine reaches. */
  readonly address: string
  /** Stdout, then stderr. */
  logs(): Promise<string>
  /** The exit code, after it has ended by itself. */
  ended(): Promise<number>
}

/** A network whose containers know each other by name. The end of the test removes everything. */
export interface DockerNetwork {
  run(options: ContainerOptions): Promise<Container>
}

/** Kubernetes' restricted Pod Security, with a read-only root. */
const RESTRICTED = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges']
/** Long, for a busy machine. */
export const TIMEOUT_MS = 120_000

let networks = 0

export async function createDockerNetwork(t: CleanupScope): Promise<DockerNetwork> {
  const network = `${process.env.E2E_PROJECTS ?? 'roundhouse-test'}-network-${process.pid}-${++networks}`
  cleanUpAfter(t, () => clearAway(network))
  await docker(['network', 'create', network])
  let containers = 0
  return { run: (options) => start(network, `${network}-${++containers}`, options) }
}

async function start(network: string, name: string, options: ContainerOptions): Promise<Container> {
  const { image, env = {}, command = [], dockerArguments = RESTRICTED } = options
  const flags = ['--detach', `--name=${name}`, `--network=${network}`, ...dockerArguments]
  await runContainer({ image, flags, environment: env, command })
  return {
    name,
    address: await inspect(name, 'range .NetworkSettings.Networks}}{{.IPAddress}}{{end'),
    async logs() {
      const { stdout, stderr } = await dockerLogs(name, '0')
      return stdout + stderr
    },
    async ended() {
      await waitFor(`${name} to end`, TIMEOUT_MS, async () => (await inspect(name, '.State.Status')) === 'exited')
      return Number(await inspect(name, '.State.ExitCode'))
    },
  }
}

function clearAway(network: string): void {
  const listed = spawnSync('docker', ['ps', '--all', '--quiet', `--filter=name=^${network}-`], { encoding: 'utf8' })
  const containers = listed.stdout.split('\n').filter(Boolean)
  if (containers.length > 0) spawnSync('docker', ['rm', '--force', '--volumes', ...containers])
  spawnSync('docker', ['network', 'rm', network])
}

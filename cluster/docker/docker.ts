import process from 'node:process'
import { capture } from '../processes/processes.ts'

type Environment = Readonly<Record<string, string>>

export interface DockerOptions {
  /** Beside dockerEnvironment(). */
  readonly env?: Environment
  /** Default 180 000. */
  readonly timeoutMs?: number
}

/** Runs `docker …`; returns its stdout, trimmed. Throws with the last lines of its stderr. */
export async function docker(args: readonly string[], { env = {}, timeoutMs }: DockerOptions = {}): Promise<string> {
  const { stdout } = await capture('docker', args, { env: { ...dockerEnvironment(), ...env }, timeoutMs })
  return stdout.trim()
}

export async function dockerLogs(container: string, since: string): Promise<{ stdout: string; stderr: string }> {
  return await capture('docker', ['logs', '--since', since, container], { env: dockerEnvironment(), timeoutMs: 60_000 })
}

export interface ContainerRun {
  readonly image: string
  /** Options of `docker run` beside `--env`. */
  readonly flags: readonly string[]
  readonly environment?: Environment
  /** Default: the image's. */
  readonly command?: readonly string[]
}

/** `docker run …`. Values are passed in the environment: every user can read a command line. */
export function containerCommand({ image, flags, environment = {}, command = [] }: ContainerRun) {
  const names = Object.keys(environment).flatMap((name) => ['--env', name])
  const args = ['run', ...flags, ...names, image, ...command]
  return { command: 'docker', args, env: { ...dockerEnvironment(), ...environment } }
}

/** Returns the container's stdout; with `--detach`, its id. */
export async function runContainer(run: ContainerRun): Promise<string> {
  return await docker(containerCommand(run).args, { env: run.environment ?? {} })
}

/** One field of an image or a container, by Docker's template language, such as `.State.Status`. */
export async function inspect(name: string, field: string): Promise<string> {
  return await docker(['inspect', '--format', `{{${field}}}`, name])
}

/** Only what the docker command needs: another variable may be one that the Compose file reads. */
export function dockerEnvironment(): NodeJS.ProcessEnv {
  const known = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|DOCKER_.*|BUILDX_.*|XDG_.*)$/.test(name))
  return Object.fromEntries(known)
}

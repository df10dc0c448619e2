import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { repository } from '../replica-environment.ts'

const run = promisify(execFile)

export interface DockerOptions {
  /** Added to what the docker command needs. No other variable reaches it. */
  readonly env?: Readonly<Record<string, string>>
  /** Default 180,000. */
  readonly timeoutMs?: number
}

/** Returns stdout. Throws with the last lines of stderr. */
export async function docker(
  words: readonly string[],
  { env = {}, timeoutMs = 180_000 }: DockerOptions = {},
): Promise<string> {
  const { stdout } = await whole(words, env, timeoutMs)
  return stdout.trim()
}

/** A container's stdout and stderr. */
export async function dockerLogs(container: string, since: string): Promise<{ stdout: string; stderr: string }> {
  return await whole(['logs', '--since', since, container], {}, 60_000)
}

async function whole(words: readonly string[], env: Readonly<Record<string, string>>, timeout: number) {
  const options = { cwd: repository, env: { ...inherited(), ...env }, timeout, maxBuffer: 500_000_000 }
  return await run('docker', [...words], options).catch((fault: Error & { stderr?: string }) => {
    const said = (fault.stderr ?? '').trim().split('\n').slice(-8).join('\n')
    throw new Error(`docker ${words.join(' ').slice(0, 200)} failed: ${said || fault.message}`, { cause: fault })
  })
}

/** A developer's variable with a name of the Compose file must not reach a test. */
export function inherited(): NodeJS.ProcessEnv {
  const known = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|DOCKER_.*|BUILDX_.*|XDG_.*)$/.test(name))
  return Object.fromEntries(known)
}

import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort, isFree } from '../processes/ports.ts'
import { type Child, launch } from '../processes/processes.ts'
import { waitFor } from '../processes/wait-for.ts'
import { type NginxFiles, writeFiles, writeUpstreams } from './nginx-files.ts'

export interface NginxOptions extends NginxFiles {
  /** On 127.0.0.1. 0 takes a free one. */
  readonly port: number
  /** Default: that of `findNginx`. */
  readonly binary?: string
}

export interface Nginx {
  readonly pid: number
  readonly url: string
  running(): boolean
  /** Resolves when only workers with the new list accept connections. */
  setUpstreams(upstreams: readonly string[]): Promise<void>
  restart(): Promise<void>
  /** Waits for requests in flight, a second at most (a newer nginx keeps idle clients as long). */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 10_000
const STOP_TIMEOUT_MS = 1_000

/** Throws the reason where the port is taken or nginx fails. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const binary = options.binary ?? (await findNginx(() => {}))
  const folder = resolve(options.folder)
  const port = await portFor(options.port)
  writeFiles({ ...options, folder }, `127.0.0.1:${port}`, isNewer(binary))
  let child = await launchNginx(binary, folder)
  const end = async () => void (await child.end({ signal: 'SIGQUIT', timeoutMs: STOP_TIMEOUT_MS }))
  return {
    get pid() {
      return child.identity.pid
    },
    url: `http://127.0.0.1:${port}`,
    running: () => child.running(),
    async setUpstreams(upstreams) {
      writeUpstreams(folder, upstreams)
      const offset = child.output().length
      child.signal('SIGHUP')
      await waitForLog(child, offset, /gracefully shutting down/)
    },
    async restart() {
      // Also after a crash: the workers of a dead master live on, and keep the port.
      await end()
      child = await launchNginx(binary, folder)
    },
    stop: end,
  }
}

async function portFor(preferred: number): Promise<number> {
  if (preferred === 0) return freePort()
  if (!(await isFree(preferred))) throw new Error(`nginx cannot start: port ${preferred} is taken`)
  return preferred
}

/** 1.27.4 and later. */
function isNewer(binary: string): boolean {
  const version = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(binary, ['-v'], { encoding: 'utf8' }).stderr)
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number)
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004
}

async function launchNginx(binary: string, folder: string): Promise<Child> {
  // As root its workers would be nobody, who cannot enter a folder below /root.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const child = launch({
    command: binary,
    args: ['-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`, '-g', `daemon off; ${user}`],
    log: join(folder, 'access.log'),
    errorLog: join(folder, 'error.log'),
  })
  try {
    await waitForLog(child, 0, /start worker process \d/)
    return child
  } catch (error) {
    child.signal('SIGKILL') // It would retry to bind its port.
    throw error
  }
}

/**
 * Waits for a match in what nginx has logged after `offset`. Throws nginx's message when it refuses
 * or ends.
 */
async function waitForLog(child: Child, offset: number, pattern: RegExp): Promise<void> {
  await waitFor(`nginx to log ${pattern}`, START_TIMEOUT_MS, () => {
    const log = child.output().slice(offset)
    const refusal = /\[emerg\].*/.exec(log)?.[0]
    if (refusal || !child.running()) throw new Error(`nginx refused: ${refusal ?? log.trim()}`)
    return pattern.test(log)
  })
}

const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/local/nginx/sbin']

// policy-rc.d with 101 keeps the package from starting a server on port 80, and `disable` keeps it
// off after a reboot. The shell removes the policy also when this process is killed.
const INSTALL = `
set -e
policy=/usr/sbin/policy-rc.d
restore() { rm -f $policy; [ ! -e $policy.kept ] || mv $policy.kept $policy; }
trap restore EXIT; trap 'exit 130' INT TERM HUP
[ ! -e $policy ] || mv $policy $policy.kept
printf '#!/bin/sh\\nexit 101\\n' >$policy; chmod 755 $policy
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true
apt-get install -y -qq --no-install-recommends nginx
command -v systemctl >/dev/null && systemctl disable nginx || true
`

/**
 * As root on Debian and Ubuntu it installs a missing nginx. Elsewhere the error names the command.
 */
export async function findNginx(onProgress: (line: string) => void): Promise<string> {
  const found = installed()
  if (found) return found
  if (process.getuid?.() !== 0 || !executable('/usr/bin/apt-get'))
    throw new Error(`nginx is missing. Install it with: ${command()}`)
  onProgress('nginx is missing: installing it with apt-get (its own server on port 80 stays off)')
  const run = spawnSync('sh', ['-c', INSTALL], { encoding: 'utf8' })
  const path = installed()
  if (path) return path
  throw new Error(`nginx is missing, and apt-get could not install it: ${run.stderr.trim()}`)
}

function installed(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(':'), ...PLACES]
  return folders.map((folder) => join(folder, 'nginx')).find(executable)
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function command(): string {
  if (process.platform === 'darwin') return 'brew install nginx'
  return executable('/usr/bin/apt-get')
    ? 'sudo apt-get install --no-install-recommends nginx'
    : 'sudo dnf install nginx'
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort, isFree } from '../processes/ports.ts'
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
  /** Resolves when only workers with the new list accept connections. */
  setUpstreams(upstreams: readonly string[]): Promise<void>
  restart(): Promise<void>
  /** Waits for requests in flight, a second at most (a newer nginx keeps idle clients as long). */
  stop(): Promise<void>
}

const TO_START = 10_000
const TO_STOP = 1_000

/** Throws the reason where the port is taken or nginx fails. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const binary = options.binary ?? (await findNginx(() => {}))
  const folder = resolve(options.folder)
  const port = await portFor(options.port)
  writeFiles({ ...options, folder }, `127.0.0.1:${port}`, isNewer(binary))
  let child = await launch(binary, folder)
  return {
    get pid() {
      return child.pid ?? 0
    },
    url: `http://127.0.0.1:${port}`,
    async setUpstreams(upstreams) {
      writeUpstreams(folder, upstreams)
      const before = logged(folder)
      child.kill('SIGHUP')
      await said(child, folder, before, /gracefully shutting down/)
    },
    async restart() {
      await end(child)
      child = await launch(binary, folder)
    },
    stop: () => end(child),
  }
}

async function portFor(wanted: number): Promise<number> {
  if (wanted === 0) return freePort()
  if (!(await isFree(wanted))) throw new Error(`nginx cannot start: port ${wanted} is taken`)
  return wanted
}

/** 1.27.4 and later. */
function isNewer(binary: string): boolean {
  const version = /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(binary, ['-v'], { encoding: 'utf8' }).stderr)
  const [major = 0, minor = 0, patch = 0] = (version ?? []).slice(1).map(Number)
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004
}

async function launch(binary: string, folder: string): Promise<ChildProcess> {
  const before = logged(folder)
  const child = await spawned(binary, folder)
  try {
    await said(child, folder, before, /start worker process \d/)
    return child
  } catch (error) {
    child.kill('SIGKILL') // it would go on trying for a port
    throw error
  }
}

async function spawned(binary: string, folder: string): Promise<ChildProcess> {
  const out = openSync(join(folder, 'access.log'), 'a')
  const err = openSync(join(folder, 'error.log'), 'a')
  const user = process.getuid?.() === 0 ? 'user root;' : '' // a worker that is nobody could not enter a folder below /root
  const child = spawn(
    binary,
    ['-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`, '-g', `daemon off; ${user}`],
    {
      detached: true, // in a group of its own: Ctrl-C must not end it before the replicas have drained
      stdio: ['ignore', out, err],
    },
  )
  closeSync(out)
  closeSync(err)
  await once(child, 'spawn')
  return child
}

/** Waits for a line in nginx's log after `before`. Throws nginx's error where it fails. */
async function said(child: ChildProcess, folder: string, before: number, what: RegExp): Promise<void> {
  const deadline = Date.now() + TO_START
  while (Date.now() < deadline) {
    const log = readFileSync(join(folder, 'error.log'), 'utf8').slice(before)
    const refusal = /\[emerg\].*/.exec(log)?.[0]
    if (refusal || hasEnded(child)) throw new Error(`nginx refused: ${refusal ?? log.trim()}`)
    if (what.test(log)) return
    await pause(10)
  }
  throw new Error(`nginx said nothing for ${TO_START / 1000} s, see ${join(folder, 'error.log')}`)
}

function logged(folder: string): number {
  const file = join(folder, 'error.log')
  return existsSync(file) ? readFileSync(file, 'utf8').length : 0
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGQUIT')
  const hurry = setTimeout(() => child.kill('SIGTERM'), TO_STOP)
  await gone
  clearTimeout(hurry)
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
export async function findNginx(say: (line: string) => void): Promise<string> {
  const found = installed()
  if (found) return found
  if (process.getuid?.() !== 0 || !executable('/usr/bin/apt-get'))
    throw new Error(`nginx is missing. Install it with: ${command()}`)
  say('nginx is missing: installing it with apt-get (its own server on port 80 stays off)')
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

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  accessSync,
  closeSync,
  constants,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export interface NginxOptions {
  /** Configuration, logs, pid: everything it writes goes here. */
  readonly folder: string
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number
  /** `127.0.0.1:40001`, in the order of the round. */
  readonly upstreams: readonly string[]
  /** Idle connections kept to the replicas; 0 keeps none. Default 64. */
  readonly keepalive?: number
  /** Gateways whose X-Forwarded-For and X-Forwarded-Proto are believed; default none. */
  readonly trustedProxies?: readonly string[]
  /** Default: what `findNginx` finds. */
  readonly binary?: string
}

export interface Nginx {
  readonly pid: number
  readonly url: string
  /** Resolves once only workers that know the new list take connections. */
  setUpstreams(upstreams: readonly string[]): Promise<void>
  restart(): Promise<void>
  /** Lets requests in flight end, for three seconds at most. */
  stop(): Promise<void>
}

const FILES = resolve(import.meta.dirname, '../../nginx')
const TO_START = 10_000
const TO_STOP = 3_000

/** Starts the machine's nginx with the files of `nginx/`; throws, saying why, where the port is taken or nginx refuses. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const binary = options.binary ?? (await findNginx(() => {}))
  const folder = resolve(options.folder)
  const port = await freePort(options.port)
  writeConfiguration(folder, binary, port, options)
  let child = await launch(binary, folder)
  return {
    get pid() {
      return child.pid ?? 0
    },
    url: `http://127.0.0.1:${port}`,
    async setUpstreams(upstreams) {
      writeUpstreams(folder, upstreams)
      await said(child, folder, /gracefully shutting down/, () => child.kill('SIGHUP'))
    },
    async restart() {
      await end(child)
      child = await launch(binary, folder)
    },
    stop: () => end(child),
  }
}

async function freePort(wanted: number): Promise<number> {
  const probe = createServer()
  probe.listen(wanted, '127.0.0.1')
  await once(probe, 'listening').catch((cause: unknown) => {
    throw new Error(`nginx cannot listen on 127.0.0.1:${wanted}: the port is taken or not permitted`, { cause })
  })
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address ? address.port : wanted
}

function writeConfiguration(folder: string, binary: string, port: number, options: NginxOptions): void {
  mkdirSync(join(folder, 'conf.d'), { recursive: true })
  for (const name of ['nginx.conf', 'proxy.conf', 'errors'])
    cpSync(join(FILES, name), join(folder, name), { recursive: true })
  const keepalive = options.keepalive ?? 64
  const trusted = options.trustedProxies ?? []
  const settings = {
    LISTEN: `127.0.0.1:${port}`,
    UPSTREAM_KEEPALIVE: String(Math.max(1, keepalive)),
    UPSTREAM_REQUESTS: keepalive === 0 ? '1' : '1000',
    ERROR_LOG_LEVEL: 'crit',
    FOLDER: folder,
    TRUSTED_SOURCES: trusted.map((network) => `set_real_ip_from ${network};`).join(' '),
    TRUSTED_NETWORKS: trusted.map((network) => `${network} yes;`).join(' '),
  }
  writeFileSync(join(folder, 'conf.d/site.conf'), rendered('site.conf', settings))
  writeFileSync(join(folder, 'conf.d/newer.conf'), isNewer(binary) ? rendered('newer.conf', {}) : '')
  writeUpstreams(folder, options.upstreams)
}

/** As envsubst in the container: names that are given, and nothing of nginx's own. */
function rendered(name: string, settings: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(FILES, 'templates', `${name}.template`), 'utf8')
  return text.replace(/\$\{([A-Z_]+)\}/g, (whole, variable: string) => settings[variable] ?? whole)
}

function isNewer(binary: string): boolean {
  const [major = 0, minor = 0, patch = 0] = (
    /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(binary, ['-v'], { encoding: 'utf8' }).stderr) ?? []
  )
    .slice(1)
    .map(Number)
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004
}

function writeUpstreams(folder: string, upstreams: readonly string[]): void {
  const list = upstreams.map((address) => `server ${address} max_fails=3 fail_timeout=1s;\n`).join('')
  const file = join(folder, 'conf.d/upstreams.conf')
  writeFileSync(`${file}.next`, list)
  renameSync(`${file}.next`, file)
}

async function launch(binary: string, folder: string): Promise<ChildProcess> {
  const out = openSync(join(folder, 'access.log'), 'a')
  const err = openSync(join(folder, 'error.log'), 'a')
  const user = process.getuid?.() === 0 ? 'user root;' : '' // a worker that is nobody could not enter a folder below /root
  const child = spawn(
    binary,
    ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', `daemon off; ${user}`],
    {
      detached: true, // in a group of its own: Ctrl-C must not end it before the replicas have drained
      stdio: ['ignore', out, err],
    },
  )
  closeSync(out)
  closeSync(err)
  await said(child, folder, /start worker process \d/)
  return child
}

/** Waits until nginx has logged this since the call; throws with its own words where it refuses or ends. */
async function said(child: ChildProcess, folder: string, what: RegExp, act = () => {}): Promise<void> {
  const file = join(folder, 'error.log')
  const before = readFileSync(file, 'utf8').length
  const deadline = Date.now() + TO_START
  let failure: Error | undefined
  child.once('error', (cause) => {
    failure = cause
  })
  act()
  while (Date.now() < deadline) {
    const log = readFileSync(file, 'utf8').slice(before)
    const refusal = failure?.message ?? /\[emerg\].*/.exec(log)?.[0]
    if (refusal || hasEnded(child)) throw new Error(`nginx did not take its configuration: ${refusal ?? log.trim()}`)
    if (what.test(log)) return
    await pause(10)
  }
  throw new Error(`nginx said nothing for ${TO_START / 1000} s, see ${file}`)
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

// A policy of 101 keeps the package from starting its own server on port 80; disabling it, from doing so at the next boot. The
// shell removes the policy also when this process is ended meanwhile.
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

/** The path of nginx. As root on Debian and Ubuntu it is installed when missing; elsewhere the error names the command. */
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

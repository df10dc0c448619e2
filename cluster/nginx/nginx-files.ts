import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface NginxFiles {
  /** For configuration, logs and pid. */
  readonly folder: string
  /** `127.0.0.1:40001`, in round-robin order. */
  readonly upstreams: readonly string[]
  /** Idle connections to the replicas; 0 keeps none. Default 64. */
  readonly keepalive?: number
  /** Gateways whose X-Forwarded-For and X-Forwarded-Proto are trusted. Default: none. */
  readonly trustedProxies?: readonly string[]
}

const FILES = resolve(import.meta.dirname, '../../nginx')

/** Renders `nginx/` into the folder. nginx 1.27.4 and later gets one more file. */
export function writeFiles(options: NginxFiles, listen: string, newer: boolean): void {
  const { folder } = options
  mkdirSync(join(folder, 'conf.d'), { recursive: true })
  for (const name of ['nginx.conf', 'proxy.conf', 'errors'])
    cpSync(join(FILES, name), join(folder, name), { recursive: true })
  const keepalive = options.keepalive ?? 64
  const trusted = options.trustedProxies ?? []
  const settings = {
    LISTEN: listen,
    UPSTREAM_KEEPALIVE: String(Math.max(1, keepalive)),
    UPSTREAM_REQUESTS: keepalive === 0 ? '1' : '1000',
    ERROR_LOG_LEVEL: 'crit',
    FOLDER: folder,
    TRUSTED_SOURCES: trusted.map((network) => `set_real_ip_from ${network};`).join(' '),
    TRUSTED_NETWORKS: trusted.map((network) => `${network} yes;`).join(' '),
  }
  writeFileSync(join(folder, 'conf.d/site.conf'), rendered('site.conf', settings))
  writeFileSync(join(folder, 'conf.d/newer.conf'), newer ? rendered('newer.conf', {}) : '')
  writeUpstreams(folder, options.upstreams)
}

/** As envsubst in the container: only the given names. */
function rendered(name: string, settings: Readonly<Record<string, string>>): string {
  const text = readFileSync(join(FILES, 'templates', `${name}.template`), 'utf8')
  return text.replace(/\$\{([A-Z_]+)\}/g, (whole, variable: string) => settings[variable] ?? whole)
}

/** nginx reads it at the next SIGHUP. */
export function writeUpstreams(folder: string, upstreams: readonly string[]): void {
  const list = upstreams.map((address) => `server ${address} max_fails=3 fail_timeout=1s;\n`).join('')
  const file = join(folder, 'conf.d/upstreams.conf')
  writeFileSync(`${file}.next`, list)
  renameSync(`${file}.next`, file)
}

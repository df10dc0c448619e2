import { execFileSync } from 'node:child_process'
import { cpus, loadavg, platform, release } from 'node:os'
import process from 'node:process'
import { query } from '../cluster/postgres/database.ts'
import type { BenchEnvironment } from './environment.ts'

/** Without it a figure says nothing. */
export interface Machine {
  readonly time: string
  readonly system: string
  readonly processors: string
  /** Of the last minute, before we began. */
  readonly load: number
  readonly node: string
  readonly postgres: string
  readonly nginx: string
  readonly redis: string | null
}

export async function describeMachine(
  { postgres, redis, nginxBinary }: BenchEnvironment,
  load: number,
): Promise<Machine> {
  const settings = ['shared_buffers', 'fsync', 'synchronous_commit']
  const values = await query<{ name: string; value: string }>(
    postgres.url,
    'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)',
    [settings],
  )
  const told = values.map(({ name, value }) => `${name} ${value}`).join(', ')
  return {
    time: new Date().toISOString(),
    system: `${platform()} ${release()}`,
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    load,
    node: process.versions.node,
    postgres: `${postgres.version} (${told})`,
    nginx: versionOf(nginxBinary, '-v'),
    redis: redis === undefined ? null : versionOf('redis-server', '--version'),
  }
}

export function loadNow(): number {
  return loadavg()[0] ?? Number.NaN
}

export function formatMachine({ processors, load, node, postgres, nginx, redis }: Machine): string {
  const store = redis === null ? 'no redis-server here' : `Redis ${redis}`
  return `${processors}, load ${load.toFixed(1)} before; Node ${node}, Postgres ${postgres}, nginx ${nginx}, ${store}`
}

function versionOf(program: string, flag: string): string {
  // nginx says it on stderr.
  const text = execFileSync('sh', ['-c', '"$0" "$1" 2>&1', program, flag], { encoding: 'utf8' })
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? 'unknown'
}

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { repository } from '../../../cluster/replica-environment.ts'
import { loadConfig } from '../../../src/config/config.ts'
import { parseYaml } from '../yaml.ts'
import { read } from './observability.ts'

interface Service {
  readonly profiles: readonly string[]
  readonly image: string
  readonly user: string
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly mem_limit: string
  readonly logging: { readonly options: object }
  readonly ports: readonly string[]
  readonly networks: readonly string[]
  readonly volumes: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

const { services } = parseYaml(readFileSync(join(repository, 'docker-compose.yml'), 'utf8')) as {
  services: Readonly<Record<string, Service & { readonly '<<'?: Service }>>
}
const service = (name: string): Service => ({ ...services[name]!['<<'], ...services[name]! })

for (const name of ['prometheus', 'grafana'])
  test(`${name} starts only with its profile, has no privileges, and is published on this machine only`, () => {
    const { profiles, image, user, read_only, cap_drop, security_opt, mem_limit, logging, ports, privileged } = service(
      name,
    ) as Service & { privileged?: boolean }
    assert.deepEqual(profiles, ['observability'])
    assert.match(image, /:v?\d+\.\d+\.\d+$/)
    assert.match(user, /^[1-9]\d*:\d+$/)
    assert.deepEqual([read_only, cap_drop, security_opt], [true, ['ALL'], ['no-new-privileges:true']])
    assert.equal(privileged, undefined)
    assert.match(mem_limit, /^\d+m$/)
    assert.ok('max-size' in logging.options && 'max-file' in logging.options)
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/)
  })

test('the mounted files exist, and are read-only', () => {
  for (const { from, how } of [...mounts('prometheus'), ...mounts('grafana')])
    assert.deepEqual([existsSync(join(repository, from)), how], [true, 'ro'], from)
})

test('Prometheus finds the rules beside its configuration, and each replica by the service name', () => {
  const { rule_files, scrape_configs } = parseYaml(read('prometheus.yml')) as {
    rule_files: string[]
    scrape_configs: { dns_sd_configs: { names: string[]; type: string; port: number }[] }[]
  }
  const [config, rules] = mounts('prometheus').map(({ to }) => to)
  assert.deepEqual(
    [rules],
    rule_files.map((file) => join(dirname(config ?? ''), file)),
  )
  const [{ names, type, port } = { names: [], type: '', port: 0 }] = scrape_configs[0]?.dns_sd_configs ?? []
  assert.deepEqual([names, type], [['app'], 'A'])
  assert.equal(port, loadConfig({ SESSION_SECRET: 'x'.repeat(32), DATABASE_URL: 'postgres://localhost/x' }).metricsPort)
  assert.ok(service('prometheus').networks.some((network) => service('app').networks.includes(network)))
})

test('Grafana finds Prometheus and the dashboard, allows reading without a sign-in, and has no password', () => {
  const { datasources } = parseYaml(read('grafana/datasources.yml')) as { datasources: { url: string }[] }
  assert.deepEqual(
    datasources.map(({ url }) => url),
    ['http://prometheus:9090'],
  )
  const { providers } = parseYaml(read('grafana/dashboards.yml')) as { providers: { options: { path: string } }[] }
  const dashboard = mounts('grafana').find(({ from }) => from.endsWith('dashboard.json'))?.to ?? ''
  assert.deepEqual(
    providers.map(({ options }) => options.path),
    [dirname(dashboard)],
  )
  const environment = service('grafana').environment ?? {}
  assert.equal(environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH, dashboard)
  assert.equal(environment.GF_AUTH_ANONYMOUS_ORG_ROLE, 'Viewer')
  assert.equal(environment.GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION, 'true')
  assert.deepEqual(
    Object.keys(environment).filter((key) => /PASSWORD|SECRET_KEY/.test(key)),
    [],
  )
})

/** The project's files in a service, without named volumes. */
function mounts(name: string) {
  const parts = service(name).volumes.map((volume) => volume.split(':'))
  return parts.filter(([from = '']) => from.startsWith('.')).map(([from = '', to = '', how]) => ({ from, to, how }))
}

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { RAILWAY_GRAPH_VERSION, type ResourceNode, validateGraph } from 'railway/iac'
import { readRailwayFile } from '../../../cluster/railway/railway-file.ts'
import { repository } from '../../../cluster/replica-environment.ts'
import { loadConfig } from '../../../src/config/config.ts'

/** postgres:18, and Railway's own image. */
const MAX_CONNECTIONS = 100
const RESERVED_FOR_SUPERUSERS = 3
const SECRET = 'd1b1f4a5c0e94f0f8a5f6a27f0b3c9e7'

const { partial, project, app } = await readRailwayFile()
const deploy = app.deploy ?? {}
const environment = {
  ...literals(),
  SESSION_SECRET: SECRET,
  DATABASE_URL: 'postgresql://u:p@postgres.railway.internal:5432/railway',
}
const config = loadConfig({ NODE_ENV: 'production', ...environment })

test("Railway's configuration is exactly this", () => {
  assert.deepEqual(app, {
    address: 'service.app',
    type: 'service',
    kind: 'empty',
    name: 'app',
    build: { builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' },
    deploy: {
      restartPolicyType: 'ON_FAILURE',
      restartPolicyMaxRetries: 10,
      overlapSeconds: 10,
      drainingSeconds: 35,
      preDeployCommand: ['node src/cli.ts migrate'],
      healthcheckPath: '/readyz',
      healthcheckTimeout: 120,
      numReplicas: 3,
    },
    variables: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Railway's own placeholder
      DATABASE_URL: { type: 'literal', value: '${{Postgres.DATABASE_URL}}' },
      SESSION_SECRET: { type: 'preserve' },
      TRUST_PROXY: { type: 'literal', value: '1' },
      CLIENT_ADDRESS_HEADER: { type: 'literal', value: 'X-Real-IP' },
      DRAIN_DELAY: { type: 'literal', value: '5s' },
      DRAIN_TIMEOUT: { type: 'literal', value: '20s' },
    },
  })
  const resources = (project.resources ?? []).flat() as ResourceNode[]
  const graph = {
    version: RAILWAY_GRAPH_VERSION,
    project: { name: project.name },
    environments: [],
    resources,
    edges: [],
  }
  assert.deepEqual(validateGraph(graph), [])
})

test('applying it deletes no database: it owns the service only', () => {
  assert.match(partial, /^[\w.-]{1,64}$/)
  assert.deepEqual(project.resources, [app])
})

test('railway.json, for services that still read it, has the same values', () => {
  const legacy = JSON.parse(readFileSync(join(repository, 'railway.json'), 'utf8'))
  assert.deepEqual({ build: legacy.build, deploy: legacy.deploy }, { build: app.build, deploy })
})

test('a replica has drained before SIGKILL, and other replicas answer before that', () => {
  const { drainingSeconds = 0, overlapSeconds = 0 } = deploy as Record<string, number>
  const drain = (config.drain.delayMs + config.drain.timeoutMs) / 1000
  assert.ok(drainingSeconds >= drain + 5, `${drainingSeconds} s until SIGKILL, ${drain} s to drain`)
  assert.ok(overlapSeconds > 0)
})

test("the edge sets the client's address, and its requests count as HTTPS", () => {
  assert.equal(config.clientAddressHeader, 'X-Real-IP')
  assert.equal(config.trustProxy, 1)
  assert.equal(config.cookie.name, '__Host-sid')
})

test('a replica listens on the given port, on IPv6, too', () => {
  assert.equal(config.host, undefined)
  assert.ok(!('PORT' in (app.variables ?? {})))
})

test('an unevaluated generator of Railway is refused as a secret', () => {
  for (const text of ['secret(64)', `secret(64, "${'abcdef0123456789'.repeat(4)}")`, `\${{secret(64)}}`])
    assert.throws(() => loadConfig({ ...environment, NODE_ENV: 'production', SESSION_SECRET: text }), /SESSION_SECRET/)
})

test("old and new replicas together fit into the database's connections", () => {
  const needed = 2 * (deploy.numReplicas ?? 1) * config.poolSize + 1
  assert.ok(needed <= MAX_CONNECTIONS - RESERVED_FOR_SUPERUSERS, `${needed} connections`)
})

test("the compiler refuses a setting that Railway's SDK does not know", () => {
  const text = readFileSync(join(repository, '.railway/railway.ts'), 'utf8')
  assert.equal(compile(text), '')
  assert.match(compile(text.replace('drainingSeconds:', 'drainingSecond:')), /'drainingSecond' does not exist/)
  assert.match(
    compile(text.replace(/drainingSeconds: (\d+)/, "drainingSeconds: '$1'")),
    /'string' is not assignable to type 'number'/,
  )
})

function literals(): Record<string, string> {
  const entries = Object.entries(app.variables ?? {})
  return Object.fromEntries(entries.flatMap(([name, of]) => (of.type === 'literal' ? [[name, of.value ?? '']] : [])))
}

/** The compiler's output; empty without errors. */
function compile(text: string): string {
  mkdirSync(join(repository, '.data'), { recursive: true })
  const folder = mkdtempSync(join(repository, '.data', 'railway-'))
  try {
    writeFileSync(join(folder, 'railway.ts'), text)
    const extended = { extends: '../../tsconfig.json', include: ['railway.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(extended))
    execFileSync(join(repository, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', stdio: 'pipe' })
    return ''
  } catch (error) {
    return (error as { stdout?: string }).stdout || String(error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

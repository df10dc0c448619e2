import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

/** From the top: a file imports from its own floor and from those below. */
const FLOORS = ['top', 'staff', 'shop', 'accounts', 'layout', 'database', 'http', 'runtime']
/** Files that stand above all folders; only the first two read the environment, through config. */
const ENTRIES = ['src/server.ts', 'src/cli.ts']

/** Each library comes in by one door. Types may be named anywhere, the island has libraries of its own. */
const DOORS: Readonly<Record<string, string>> = {
  pg: 'src/database/pool.ts',
  'node-pg-migrate': 'src/database/migrate.ts',
  winston: 'src/runtime/log.ts',
  'pino-http': 'src/runtime/access-log.ts',
  '@prometheus-io/client': 'src/runtime/metrics.ts',
  zod: 'src/runtime/schema.ts',
  helmet: 'src/http/security.ts',
  'rate-limiter-flexible': 'src/http/limits.ts',
}

interface Import {
  readonly from: string
  readonly to: string
  readonly onlyTypes: boolean
}

const product = files('src/**/*.ts').filter((file) => !/test/.test(file))
const imports = product.flatMap(importsOf)

test('a file of src imports from its own floor and from those below', () => {
  const up = local(imports).filter(({ from, to }) => !isIsland(from) && !isIsland(to) && floorOf(from) > floorOf(to))
  assert.deepEqual(up.map(shown), [])
})

test('sessions is an island: it imports libraries and itself, and is called from accounts and above', () => {
  const out = local(imports).filter(({ from, to }) => isIsland(from) && !isIsland(to))
  const below = local(imports).filter(
    ({ from, to }) => isIsland(to) && !isIsland(from) && floorOf(from) > FLOORS.indexOf('accounts'),
  )
  assert.deepEqual([...out, ...below].map(shown), [])
})

test('each library has one door', () => {
  const around = imports.filter(
    ({ from, to, onlyTypes }) => !onlyTypes && DOORS[to] !== undefined && DOORS[to] !== from && !isIsland(from),
  )
  assert.deepEqual(around.map(shown), [])
})

test('only server and cli know the configuration and the environment', () => {
  const knowing = local(imports).filter(({ from, to }) => to === 'src/config.ts' && !ENTRIES.includes(from))
  const reading = product.filter((file) => !ENTRIES.includes(file) && /process\.(env|exit)\b/.test(read(file)))
  assert.deepEqual([...knowing.map(shown), ...reading], [])
})

test('e2e does not know src: it sees what a person or an operator sees', () => {
  const knowing = files('e2e/**/*.ts')
    .filter((file) => !/^e2e\/(sabotage|bench|example|manifests)\//.test(file))
    .flatMap(importsOf)
  assert.deepEqual(
    local(knowing)
      .filter(({ to }) => to.startsWith('src/'))
      .map(shown),
    [],
  )
})

test('in e2e scenarios know people, people know the cluster, and not the other way round', () => {
  const order = ['e2e/scenarios', 'e2e/people', 'e2e/cluster']
  const rank = (file: string) => order.findIndex((folder) => file.startsWith(`${folder}/`))
  const up = local(files('e2e/**/*.ts').flatMap(importsOf)).filter(
    ({ from, to }) => rank(from) >= 0 && rank(to) >= 0 && rank(from) > rank(to),
  )
  assert.deepEqual(up.map(shown), [])
})

test('there is no default export and no barrel', () => {
  const all = [...product, ...files('e2e/**/*.ts')]
  assert.deepEqual(
    all.filter((file) => /^export default|^export \*/m.test(read(file)) || /(^|\/)index\.ts$/.test(file)),
    [],
  )
})

function files(pattern: string): string[] {
  return globSync(pattern, { cwd: ROOT }).sort()
}

function importsOf(file: string): Import[] {
  const found = read(file).matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  return [...found].map(([, type, to = '']) => ({ from: file, to: resolved(file, to), onlyTypes: type !== undefined }))
}

function resolved(from: string, to: string): string {
  return to.startsWith('.') ? relative(ROOT, join(ROOT, dirname(from), to)) : to
}

function local(all: readonly Import[]): Import[] {
  return all.filter(({ to }) => to.startsWith('src/') || to.startsWith('e2e/'))
}

function floorOf(file: string): number {
  return Math.max(0, FLOORS.indexOf(file.split('/')[1] ?? ''))
}

function isIsland(file: string): boolean {
  return file.startsWith('src/sessions/')
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

function shown({ from, to }: Import): string {
  return `${from} imports ${to}`
}
